package store_test

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/store"
)

// TestCheckRefuses what can't be written, before anything is spent; the refusals that
// GitHub explains are in TestGitHubSays.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	type set = func(*github) opening
	is := func(o opening) set { return func(*github) opening { return o } }
	token := func(t sandbox.GitHubToken) set {
		return func(g *github) opening { return opening{token: g.server.NewGitHubToken("token", t)} }
	}
	fails := func(call string, status int, header map[string]string, body string) set {
		return func(g *github) opening {
			g.server.Fail(sandbox.Fault{Call: call, Kind: sandbox.FaultStatus, Status: status, Header: header, Body: body})
			return opening{id: -1}
		}
	}
	answers := func(call, body string) set { return fails(call, 200, nil, body) }
	waits, elsewhere := map[string]string{"Retry-After": "600"}, map[string]string{"Location": "https://elsewhere.example/"}
	spent := map[string]string{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "946688400"}
	past := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	const read, written = "secrets=read contents=read", "secrets=write contents=write"
	for _, tt := range []struct {
		spec, name string
		set        set
		want       string
	}{
		{"STRAVA " + branchSpec, "no such token", is(opening{token: "ghs_nobody"}), "target-bad-credentials"},
		{"STRAVA " + branchSpec, "expired", token(sandbox.GitHubToken{Kind: sandbox.Personal, May: written, Expires: past}), "target-bad-credentials"},
		{"STRAVA " + branchSpec, "built-in token", token(sandbox.GitHubToken{Kind: sandbox.Integration}), "target-integration-forbidden"},
		{"STRAVA " + branchSpec, "app that may read", token(sandbox.GitHubToken{Kind: sandbox.Integration, May: read}), "target-integration-forbidden"},
		{"STRAVA " + branchSpec, "personal token that may read", token(sandbox.GitHubToken{Kind: sandbox.Personal, May: read}), "target-personal-forbidden"},
		{"STRAVA", "personal token without permission", token(sandbox.GitHubToken{Kind: sandbox.Personal}), "target-personal-forbidden"},
		{"STRAVA " + branchSpec, "token that sees nothing", token(sandbox.GitHubToken{Kind: sandbox.Personal, May: written, Blind: true}), "target-repository-not-found"},
		{"STRAVA " + branchSpec, "weak client secret", is(opening{weak: true}), "target-weak-secret"},
		{"STRAVAA", "no such secret", is(opening{}), "target-secret-not-found"},
		{"octo/nowhere/STRAVA octo/nowhere/STRAVA@x", "no such repository", is(opening{}), "target-repository-not-found"},
		{"STRAVA@nowhere", "no such environment", is(opening{}), "target-environment-not-found"},
		{"org:nowhere/STRAVA", "no such organization", is(opening{}), "target-organization-not-found"},
		{"STRAVA", "404 of the write alone", fails("try-write", 404, nil, `{"message":"Not Found"}`), "target-write-refused"},
		{"STRAVA", "primary rate limit", fails("public-key", 403, spent, `{}`), "target-rate-limited"},
		{"STRAVA", "429", fails("secret", 429, nil, `{}`), "target-rate-limited"},
		{"STRAVA", "422 of a read", fails("public-key", 422, nil, `{}`), "target-unprocessable"},
		{"STRAVA", "renamed repository", fails("public-key", 301, elsewhere, `{}`), "target-moved"},
		{"STRAVA", "a page", answers("public-key", `<html>`), "target-unrecognized"},
		{"STRAVA", "no key", answers("public-key", `{}`), "target-bad-public-key"},
		{"STRAVA", "short key", answers("public-key", `{"key_id":"1","key":"AAAA"}`), "target-bad-public-key"},
		{"STRAVA", "key that is not base64", answers("public-key", `{"key_id":"1","key":"%%%"}`), "target-bad-public-key"},

		{branchSpec, "404 of the repository", fails("repository", 404, nil, `{"message":"Not Found"}`), "target-repository-not-found"},
		{branchSpec, "404 of the blob", fails("blob", 404, nil, `{"message":"Not Found"}`), "target-repository-not-found"},
		{branchSpec, "403 of the branch", fails("branch", 403, nil, `{"message":"Resource not accessible by integration"}`), "target-integration-forbidden"},
		{branchSpec, "429 for long", fails("blob", 429, waits, `{}`), "target-rate-limited"},
		{branchSpec, "secondary rate limit", fails("content", 403, waits, `{}`), "target-rate-limited"},
		{branchSpec, "rate limit of the rules", fails("rules", 403, waits, `{}`), "target-rate-limited"}, // any other 403 is in TestRules
		{branchSpec, "primary rate limit of the rules", fails("rules", 403, spent, `{}`), "target-rate-limited"},
		{branchSpec, "500 of the blob", fails("blob", 500, nil, `<html>`), "target-outage"},
		{branchSpec, "500 of the branch", fails("branch", 500, nil, `<html>`), "target-outage"},
		{branchSpec, "500 of the rules", fails("rules", 500, nil, `<html>`), "target-outage"},
		{branchSpec, "500 of the content", fails("content", 500, nil, `<html>`), "target-outage"},
		{branchSpec, "a page for the content", answers("content", `<html>`), "target-unrecognized"},
		{branchSpec, "a page for the branch", answers("branch", `<html>`), "target-unrecognized"},
		{branchSpec, "a page for the rules", answers("rules", `<html>`), "target-unrecognized"},
		{branchSpec, "content that is not base64", answers("content", `{"sha":"1","size":5,"encoding":"base64","content":"%%%%%"}`), "target-unrecognized"},
		{branchSpec, "content without a name", answers("content", `{"size":1,"encoding":"base64","content":"YQ=="}`), "target-unrecognized"},
		{branchSpec, "content that is null", answers("content", `null`), "target-not-ours"},
		{branchSpec, "a folder", answers("content", `[{"name":"x","type":"file"}]`), "target-not-ours"},
		{branchSpec, "a link", answers("content", `{"sha":"1","size":1,"type":"file","path":"elsewhere.txt","encoding":"base64","content":"YQ=="}`), "target-not-ours"},
		{branchSpec, "a submodule", answers("content", `{"sha":"1","size":0,"type":"submodule"}`), "target-not-ours"},
		{branchSpec, "empty repository", func(g *github) opening { g.server.DeleteBranch("main"); return opening{} }, "target-empty-repository"},
	} {
		for spec := range strings.FieldsSeq(tt.spec) {
			runOnGitHub(t, spec+": "+tt.name, func(t *testing.T, g *github) {
				o := tt.set(g)
				before := g.shot()
				_, err := g.open(spec, o).Check(t.Context())
				assertID(t, "Check", err, tt.want)
				check.Equal(t, g.shot(), before, "the check changed something")
			})
		}
	}
}

// TestCheckWantsRoomInTheRateLimit: a refresh token is not spent if the write of its
// successor would be refused.
func TestCheckWantsRoomInTheRateLimit(t *testing.T) {
	t.Parallel()
	for spec, call := range map[string]string{"STRAVA": "public-key", branchSpec: "blob"} {
		runOnGitHub(t, spec, func(t *testing.T, g *github) {
			reset := time.Now().Add(time.Hour)
			g.server.Fail(sandbox.Fault{Call: call, Kind: sandbox.FaultHeader, Header: map[string]string{
				"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": strconv.FormatInt(reset.Unix(), 10)}})
			_, err := g.open(spec, opening{}).Check(t.Context())
			assertID(t, "Check", err, "target-rate-limited")
			e, _ := errors.AsType[*store.Error](err)
			check.That(t, e != nil && e.Until.Equal(reset), "until: got %+v, want %v", e, reset)
		})
	}
}

// TestRules of a branch that is there, with an older token, or isn't.
func TestRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		where string // "there", "nowhere" or both
		rules string // one a line, or the status of the answer
		want  string // the type of the rule that forbids a write, or "protected", or ""
	}{
		{"there nowhere", "update", "update"},
		{"there nowhere", "non_fast_forward\npull_request", "pull_request"},
		{"there", "required_status_checks", "required_status_checks"},
		{"nowhere", "deletion\ncreation", "creation"},
		{"there", "creation", ""},
		{"there nowhere", "deletion\nnon_fast_forward\nno_such_type_yet", ""},
		{"there nowhere", "required_signatures", ""}, // of the built-in token
		{"there nowhere", "404", ""},                 // a server that knows none
		{"there nowhere", "403", ""},                 // or doesn't tell
		{"there", "protected", "protected"},
		{"there", "protected\ndeletion", ""}, // GitHub calls any branch protected that a rule applies to
		{"there", `commit_message_pattern {"operator":"regex","pattern":"^[A-Z]+-[0-9]+"}`, "commit_message_pattern"},
		{"there", `commit_message_pattern {"operator":"contains","pattern":"[skip ci]","negate":true}`, "commit_message_pattern"},
		{"there", `commit_message_pattern {"operator":"starts_with","pattern":"Keep"}`, ""},
		{"there", `commit_message_pattern {"operator":"regex","pattern":"(?=x)"}`, ""},
		{"nowhere", `branch_name_pattern {"operator":"starts_with","pattern":"feature/"}`, "branch_name_pattern"},
		{"there", `branch_name_pattern {"operator":"regex","pattern":"^refs/heads/[a-z-]+$"}`, ""},
		{"there", `file_path_restriction {"restricted_file_paths":["docs/*","**/refresh*"]}`, "file_path_restriction"},
		{"there", `file_path_restriction {"restricted_file_paths":["docs/*"]}`, ""},
		{"there", `file_extension_restriction {"restricted_file_extensions":["*.exe",".TXT"]}`, "file_extension_restriction"},
		{"there", `file_extension_restriction {"restricted_file_extensions":["*.exe"]}`, ""},
		{"there", `max_file_path_length {"max_file_path_length":10}`, "max_file_path_length"},
		{"there", `max_file_size {"max_file_size":1}`, ""},
		{"there", `commit_author_email_pattern {"operator":"ends_with","pattern":"@corp.example"}`, "commit_author_email_pattern"},
		{"there", `committer_email_pattern {"operator":"ends_with","pattern":"@corp.example"}`, "committer_email_pattern"},
		{"there", `committer_email_pattern {"operator":"contains","pattern":"@"}`, ""},
	} {
		for where := range strings.FieldsSeq(tt.where) {
			runOnGitHub(t, where+": "+tt.rules, func(t *testing.T, g *github) {
				commits := 1
				if where == "there" {
					g.keep(branchSpec, oldToken)
					commits++
				}
				rules := strings.Split(tt.rules, "\n")
				status, _ := strconv.Atoi(tt.rules)
				switch {
				case status != 0:
					g.server.Fail(sandbox.Fault{Call: "rules", Kind: sandbox.FaultStatus, Status: status, Body: `{}`})
				case rules[0] == "protected":
					g.server.Set(func(k *sandbox.Knobs) { k.Protected = branchName })
					g.server.SetRules(branchName, rules[1:]...)
				default:
					g.server.SetRules(branchName, rules...)
				}
				g.server.SetRules("main", "creation", "update", "pull_request") // which says nothing here
				before := g.shot()
				b := g.open(branchSpec, opening{})
				_, err := b.Check(t.Context())
				check.Equal(t, g.shot(), before, "the check changed a branch")
				e, _ := errors.AsType[*store.Error](err)
				switch tt.want {
				case "":
					check.OK(t, err)
					if rules[0] != "protected" { // whose writes the sandbox refuses
						check.OK(t, b.Store(t.Context(), record(newToken)))
						g.assertBranch(branchName, branchFile, commits, newToken)
					}
				case "protected":
					assertID(t, "Check", err, "target-protected")
				default:
					check.That(t, e != nil && e.ID == "target-ruled" && e.Rule == tt.want, "got %+v, want the rule %s", e, tt.want)
				}
			})
		}
	}
}

// TestSignaturesOfAPersonalToken can be tried for a first commit only.
func TestSignaturesOfAPersonalToken(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		g.server.SetRules(branchName, "required_signatures")
		personal := opening{token: g.server.GitHubToken()}
		_, err := g.open(branchSpec, personal).Check(t.Context())
		assertID(t, "Check without a branch", err, "target-ruled")
		g.keep(branchSpec, oldToken)
		for o, want := range map[opening]bool{{}: false, personal: true} {
			facts := check.Must(g.open(branchSpec, o).Check(t.Context()))(t)
			check.Equal(t, facts.Warning != nil, want, "warned")
		}
	})
}

// TestBranchCheckOutlivesFaults holds that one failing call does not fail the check.
func TestBranchCheckOutlivesFaults(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"repository", "blob", "branch", "rules", "content"} {
		runOnGitHub(t, call, func(t *testing.T, g *github) {
			g.keep(branchSpec, oldToken)
			g.server.Fail(sandbox.Fault{Call: call, Kind: sandbox.FaultStall, Times: 1})
			facts := check.Must(g.open(branchSpec, opening{id: -1}).Check(t.Context()))(t)
			check.That(t, facts.Exists && facts.Held && facts.WriteProven, "facts: %+v", facts)
		})
	}
}

// TestAttempts: what is known before anything is spent is used, and what an
// attempt leaves open is no failure.
func TestAttempts(t *testing.T) {
	t.Parallel()
	wants := map[int]string{
		200: "", 204: "", 400: "", 405: "", 409: "", 418: "", 422: "",
		307: "target-moved", 401: "target-bad-credentials", 403: "target-forbidden", 429: "target-rate-limited",
		451: "target-legally-blocked", 500: "target-outage", 503: "target-outage", 0: "target-unreachable",
	}
	for _, call := range []string{"try-write", "try-delete"} {
		wants := maps.Clone(wants)
		if call == "try-delete" {
			wants[0] = "" // some networks let no DELETE through
		}
		for status, want := range wants {
			runOnGitHub(t, fmt.Sprint(call, status), func(t *testing.T, g *github) {
				fault := sandbox.Fault{Call: call, Kind: sandbox.FaultStatus, Status: status}
				switch status {
				case 429:
					fault.Header = map[string]string{"Retry-After": "600"}
				case 0:
					fault.Kind = sandbox.FaultCutBefore
				}
				g.server.Fail(fault)
				facts, err := g.open("STRAVA", opening{}).Check(t.Context())
				assertID(t, "Check", err, want)
				e, _ := errors.AsType[*store.Error](err)
				check.That(t, status != 429 || e != nil && time.Until(e.Until) == 600*time.Second, "the time of the rate limit is missing: %+v", e)
				check.Equal(t, facts.WriteBelieved, call == "try-write" && status == 422, "believed")
			})
		}
	}
}

func TestCheckTellsWhenTheTokenEnds(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		ends := time.Date(2000, 1, 10, 12, 0, 0, 0, time.UTC)
		o := opening{token: g.server.NewGitHubToken("token", sandbox.GitHubToken{
			Kind: sandbox.Personal, May: "secrets=write contents=write", Expires: ends})}
		for _, spec := range []string{"STRAVA", branchSpec} {
			check.Equal(t, check.Must(g.open(spec, o).Check(t.Context()))(t).TokenExpires.UTC(), ends, "of %s", spec)
		}
	})
}

// TestBranchHoldsSomethingElse; TestDocumentIsRefused has what else that may be.
func TestBranchHoldsSomethingElse(t *testing.T) {
	t.Parallel()
	const mark = "strava-token refresh token, version 1\n"
	for text, want := range map[string]string{
		"": "target-not-ours", mark: "target-damaged", mark + strings.Repeat("x", 64<<10): "target-too-large", strings.Repeat("x", 1<<20+1): "target-too-large",
	} {
		runOnGitHub(t, fmt.Sprintf("%.40s %d", text, len(text)), func(t *testing.T, g *github) {
			g.server.SetFile(branchName, branchFile, text)
			before := g.shot()
			for _, mayReplace := range []bool{false, true} { // if somebody just logged in
				b := g.open(branchSpec, opening{}).(*store.Branch)
				b.MayReplace = mayReplace
				facts, err := b.Check(t.Context())
				assertHolds(t, b.Held(), "")
				check.Equal(t, g.shot(), before, "the check changed a branch")
				if !mayReplace || text != mark {
					assertID(t, "Check", err, want)
					continue
				}
				check.That(t, err == nil && facts.Exists && !facts.Held, "facts: %+v, %v", facts, err)
				check.OK(t, b.Store(t.Context(), record(newToken)))
				check.Equal(t, g.server.Opened(g.server.File(branchName, branchFile)), newToken, "file")
			}
		})
	}
}

// TestAthletesFileIsRefusedElsewhere: a copy of the file of another athlete, or of none.
func TestAthletesFileIsRefusedElsewhere(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		for name, spec := range map[string]string{branchFile: branchSpec, "refresh-token-Alice.txt": branchSpec + "#Alice"} {
			g.keep(spec, oldToken)
			g.server.SetFile(branchName, "refresh-token-alice.txt", g.server.File(branchName, name))
			_, err := g.open(branchSpec+"#alice", opening{}).Check(t.Context())
			assertID(t, "Check of what came from "+spec, err, "target-other-place")
		}
	})
}

// TestAnIncompleteListOfRepositoriesIsRefused: a write with some of them would
// take the secret away from the others.
func TestAnIncompleteListOfRepositoriesIsRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"total_count":5,"repositories":[{"id":11}]}`, `{"repositories":[{"id":11}]}`, `{}`} {
		runOnGitHub(t, body, func(t *testing.T, g *github) {
			g.server.SetSecret("org:octo/STRAVA", oldToken, 11, 12)
			g.server.Fail(sandbox.Fault{Call: "selected", Kind: sandbox.FaultBody, Body: body})
			_, err := g.open("org:octo/STRAVA", opening{}).Check(t.Context())
			assertID(t, "Check", err, "target-unrecognized")
		})
	}
}
