package reality

// given is what the owner gives for a row, in words. Each of the two tokens may do what
// the other may not.
type given string

const (
	nothing      given = ""
	app          given = "credentials that a refresh succeeds with"
	secretsToken given = "--repo OWNER/REPO and GH_TOKEN, a personal access token with Secrets and Environments: write, " +
		"Actions: read, and without Contents"
	contentsToken given = "--repo OWNER/REPO and " + ContentsToken + ", a token with contents: write and without secrets, such as the built-in one"
)

// assumptions lists everything that is checked, in the order in which that's done: of the
// rows about a branch, each goes on with what the one before made.
var assumptions = []struct {
	about, relies string // relies is a file in internal
	with          given
	check         check
}{
	{"a refresh with more than an hour left returns the same access token", "cli/refresh.go", app, sameAccessToken},
	{"a refresh returns the refresh token that was sent", "provider/keep.go", app, sameRefreshToken},
	{"a wrong client secret is 401 Application//invalid", "strava/refusal.go", app,
		refused(401, "Application//invalid", "client_secret", neverIssued)},
	{"an unknown client id is 400 Application/client_id/invalid", "strava/refusal.go", nothing,
		refused(400, "Application/client_id/invalid", "client_id", "2147483647", "client_secret", neverIssued)},
	{"a dead code is 400 AuthorizationCode/code/invalid", "strava/refusal.go", app,
		refused(400, "AuthorizationCode/code/invalid", "grant_type", "authorization_code", "code", neverIssued)},
	{"a dead refresh token is 400 RefreshToken/refresh_token/invalid", "strava/probe.go", app, refused(400, "RefreshToken/refresh_token/invalid")},

	{"before login, the digits of a client id may be percent-encoded", "strava/authorize.go", app, authorize(localhost, true)},
	{"before login, localhost is allowed besides the callback domain", "action/link.go", app, authorize(localhost, false)},
	{"before login, github.com is allowed as callback domain", "action/link.go", app, authorize("https://github.com/", false)},
	{"before login, another address is refused with 400", "strava/authorize.go", app, authorize(elsewhere, false)},

	{"DELETE of an impossible secret is 404 with a token that may write secrets", "store/secret.go", secretsToken, tried(deleteSecret, 404, "")},
	{"DELETE of an impossible secret is 403 with one that may not", "store/secret.go", contentsToken, tried(deleteSecret, 403, "")},
	{"PUT of a secret without a value is 422 with a token that may write secrets", "store/secret.go", secretsToken, tried(putNothing, 422, "")},
	{"PUT of a secret without a value is 403 with one that may not", "store/secret.go", contentsToken, tried(putNothing, 403, "")},
	{"secrets of an environment have the documented address", "store/target.go", secretsToken, environmentSecrets},
	{"answers say when a personal access token ends", "store/secret.go", secretsToken, tokenExpiry},

	{"a blob can be created with contents: write", "store/branch.go", contentsToken, tried(createBlob, 201, "")},
	{"a blob can't be created without contents: write", "store/branch.go", secretsToken, tried(createBlob, 403, "")},
	{"a commit that nothing refers to says whether GitHub signed it", "store/branch_rules.go", contentsToken, commitIsSigned},
	{"a first commit without parents becomes a new branch", "store/branch_write.go", contentsToken, branchBegins},
	{"a file is replaced by its sha", "store/branch_write.go", contentsToken, replaces("2\n", 200)},
	{"an old sha is a conflict", "store/branch_write.go", contentsToken, replaces("3\n", 409)},
	{"the branch of this check is gone again", "reality/github.go", contentsToken, branchIsGone},
	{"a refusal names the permission secrets=write", "store/target.go", contentsToken, tried(deleteSecret, 403, "secrets=write")},
	{"a refusal names the permission contents=write", "store/target.go", secretsToken, tried(createBlob, 403, "contents=write")},
}
