package reality

import "net/http"

// assumptions lists everything that is checked, in the order of the table.
var assumptions = []assumption{
	{"a refresh with more than an hour left returns the same access token", "internal/cli/refresh.go", app, sameAccessToken},
	{"a refresh returns the refresh token that was sent", "internal/provider/keep.go", app, sameRefreshToken},
	{"a wrong client secret is 401 Application//invalid", "internal/strava/refusal.go", app,
		refused(http.StatusUnauthorized, "Application//invalid", "client_secret", neverIssued)},
	{"an unknown client id is 400 Application/client_id/invalid", "internal/strava/refusal.go", nothing,
		refused(http.StatusBadRequest, "Application/client_id/invalid", "client_id", noClientID, "client_secret", neverIssued)},
	{"a dead code is 400 AuthorizationCode/code/invalid", "internal/strava/refusal.go", app,
		refused(http.StatusBadRequest, "AuthorizationCode/code/invalid", "grant_type", "authorization_code", "code", neverIssued)},
	{"a dead refresh token is 400 RefreshToken/refresh_token/invalid", "internal/strava/probe.go", app,
		refused(http.StatusBadRequest, "RefreshToken/refresh_token/invalid")},

	{"before login, the digits of a client id may be percent-encoded", "internal/strava/authorize.go", app, leadsToLogin(localhost, true)},
	{"before login, localhost is allowed besides the callback domain", "internal/action/link.go", app, leadsToLogin(localhost, false)},
	{"before login, github.com is allowed as callback domain", "internal/action/link.go", app, leadsToLogin("https://github.com/", false)},
	{"before login, another address is refused with 400", "internal/strava/authorize.go", app, addressRefused},

	{"DELETE of an impossible secret is 404 with a token that may write secrets", "internal/store/secret.go", secretsToken.missing,
		allowed(secretsToken, deleteSecret, http.StatusNotFound)},
	{"DELETE of an impossible secret is 403 with one that may not", "internal/store/secret.go", contentsToken.missing,
		forbidden(contentsToken, deleteSecret, readKey)},
	{"PUT of a secret without a value is 422 with a token that may write secrets", "internal/store/secret.go", secretsToken.missing,
		allowed(secretsToken, putNothing, http.StatusUnprocessableEntity)},
	{"PUT of a secret without a value is 403 with one that may not", "internal/store/secret.go", contentsToken.missing,
		forbidden(contentsToken, putNothing, readKey)},
	{"secrets of an environment have the documented address", "internal/store/target.go", secretsToken.missing, environmentSecrets},
	{"answers say when a personal access token ends", "internal/store/secret.go", secretsToken.missing, tokenExpiry},

	{"a blob can be created with contents: write", "internal/store/branch.go", contentsToken.missing,
		allowed(contentsToken, createBlob, http.StatusCreated)},
	{"a blob can't be created without contents: write", "internal/store/branch.go", secretsToken.missing,
		forbidden(secretsToken, createBlob, referToNothing)},
	{"a commit that nothing refers to says whether GitHub signed it", "internal/store/branch_rules.go", contentsToken.missing,
		inTrial(func(t *trial) finding { return t.commit })},
	{"a first commit without parents becomes a new branch", "internal/store/branch_write.go", contentsToken.missing,
		inTrial(func(t *trial) finding { return t.branch })},
	{"a file is replaced by its sha", "internal/store/branch_write.go", contentsToken.missing,
		inTrial(func(t *trial) finding { return t.replaced })},
	{"an old sha is a conflict", "internal/store/branch_write.go", contentsToken.missing,
		inTrial(func(t *trial) finding { return t.conflict })},
	{"the branch of this check is gone again", "internal/reality/branch.go", contentsToken.missing,
		inTrial(func(t *trial) finding { return t.gone })},
	{"a refusal names the permission secrets=write", "internal/store/target.go", contentsToken.missing,
		permissionNamed(contentsToken, deleteSecret, "secrets=write")},
	{"a refusal names the permission contents=write", "internal/store/target.go", secretsToken.missing,
		permissionNamed(secretsToken, createBlob, "contents=write")},
}
