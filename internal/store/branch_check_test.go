package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

// shot is everything of the sandbox's branches that can be seen.
func (g *github) shot() string {
	var b strings.Builder
	for _, name := range []string{"main", branchName, "other"} {
		n, orphan := g.server.Commits(name)
		fmt.Fprintln(&b, name, n, orphan, g.server.File(name, branchFile))
	}
	return b.String()
}

func TestBranchCheckRefuses(t *testing.T) {
	t.Parallel()
	token := func(t sandbox.GitHubToken) func(*github) opening {
		return func(g *github) opening { return opening{token: g.server.NewGitHubToken("token", t)} }
	}
	status := func(call string, status int, header map[string]string, body string) func(*github) opening {
		return func(g *github) opening {
			g.server.Fail(sandbox.Fault{Call: call, Kind: sandbox.FaultStatus, Status: status, Header: header, Body: body})
			return opening{}
		}
	}
	rules := func(exists bool, types ...string) func(*github) opening {
		return func(g *github) opening {
			if exists {
				g.keep(g.branch(branchSpec), oldToken)
			}
			g.server.SetRules(branchName, types...)
			return opening{}
		}
	}
	for _, tt := range []struct {
		name string
		set  func(*github) opening
		want store.Kind
		rule string
	}{
		{"no such token", func(*github) opening { return opening{token: "ghs_nobody"} }, store.BadCredentials, ""},
		{"expired token", token(sandbox.GitHubToken{Kind: sandbox.Personal, May: "contents=write",
			Expires: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)}), store.BadCredentials, ""},
		{"built-in token that may read", token(sandbox.GitHubToken{Kind: sandbox.Integration, May: "contents=read"}), store.IntegrationForbidden, ""},
		{"built-in token without permission", token(sandbox.GitHubToken{Kind: sandbox.Integration}), store.IntegrationForbidden, ""},
		{"personal token that may read", token(sandbox.GitHubToken{Kind: sandbox.Personal, May: "contents=read"}), store.PersonalForbidden, ""},
		{"token that sees nothing", token(sandbox.GitHubToken{Kind: sandbox.Personal, May: "contents=write", Blind: true}), store.RepositoryNotFound, ""},
		{"empty repository", func(g *github) opening { g.server.DeleteBranch("main"); return opening{} }, store.EmptyRepository, ""},
		{"protected", func(g *github) opening {
			g.keep(g.branch(branchSpec), oldToken)
			g.server.Set(func(k *sandbox.Knobs) { k.Protected = branchName })
			return opening{}
		}, store.Protected, ""},
		{"creation, and no branch", rules(false, "deletion", "creation"), store.Ruled, "creation"},
		{"update", rules(true, "update"), store.Ruled, "update"},
		{"update, and no branch", rules(false, "update"), store.Ruled, "update"},
		{"pull_request", rules(true, "non_fast_forward", "pull_request"), store.Ruled, "pull_request"},
		{"pull_request, and no branch", rules(false, "pull_request"), store.Ruled, "pull_request"},
		{"required_status_checks", rules(true, "required_status_checks"), store.Ruled, "required_status_checks"},
		{"signatures, no branch, a personal token", func(g *github) opening {
			g.server.SetRules(branchName, "required_signatures")
			return opening{token: g.server.GitHubToken()}
		}, store.Ruled, "required_signatures"},
		{"a message that doesn't fit", rules(true, `commit_message_pattern {"operator":"regex","pattern":"^[A-Z]+-[0-9]+"}`), store.Ruled, "commit_message_pattern"},
		{"a message that mustn't", rules(true, `commit_message_pattern {"operator":"contains","pattern":"[skip ci]","negate":true}`), store.Ruled, "commit_message_pattern"},
		{"a branch's name", rules(false, `branch_name_pattern {"operator":"starts_with","pattern":"feature/"}`), store.Ruled, "branch_name_pattern"},
		{"a path", rules(true, `file_path_restriction {"restricted_file_paths":["docs/*","**/refresh*"]}`), store.Ruled, "file_path_restriction"},
		{"an extension", rules(true, `file_extension_restriction {"restricted_file_extensions":["*.exe",".TXT"]}`), store.Ruled, "file_extension_restriction"},
		{"a long path", rules(true, `max_file_path_length {"max_file_path_length":10}`), store.Ruled, "max_file_path_length"},
		{"an author", rules(true, `commit_author_email_pattern {"operator":"ends_with","pattern":"@corp.example"}`), store.Ruled, "commit_author_email_pattern"},
		{"weak client secret", func(g *github) opening {
			return opening{app: store.App{ClientID: "1", ClientSecret: secret.New(strings.Repeat("a", 31))}}
		}, store.WeakSecret, ""},
		{"500 of the blob", status("blob", 500, nil, `<html>`), store.Outage, ""},
		{"500 of the branch", status("branch", 500, nil, `<html>`), store.Outage, ""},
		{"500 of the rules", status("rules", 500, nil, `<html>`), store.Outage, ""},
		{"500 of the content", status("content", 500, nil, `<html>`), store.Outage, ""},
		{"404 of the repository, whose number is asked for", func(g *github) opening {
			g.server.Fail(sandbox.Fault{Call: "repository", Kind: sandbox.FaultStatus, Status: 404, Body: `{"message":"Not Found"}`})
			return opening{id: -1}
		}, store.RepositoryNotFound, ""},
		{"404 of the blob", status("blob", 404, nil, `{"message":"Not Found"}`), store.RepositoryNotFound, ""},
		{"403 of the blob", status("blob", 403, nil, `{"message":"no"}`), store.Forbidden, ""},
		{"403 of the branch", status("branch", 403, nil, `{"message":"Resource not accessible by integration"}`), store.IntegrationForbidden, ""},
		{"429 for long", status("blob", 429, map[string]string{"Retry-After": "600"}, `{}`), store.RateLimited, ""},
		{"secondary rate limit", status("content", 403, map[string]string{"Retry-After": "600"}, `{}`), store.RateLimited, ""},
		{"renamed repository", status("content", 301, map[string]string{"Location": "https://elsewhere.example/"}, `{}`), store.Moved, ""},
		{"a page in place of the content", status("content", 200, nil, `<html>`), store.Unrecognized, ""},
		{"a page in place of the branch", status("branch", 200, nil, `<html>`), store.Unrecognized, ""},
		{"a page in place of the rules", status("rules", 200, nil, `<html>`), store.Unrecognized, ""},
		{"content that is not base64", status("content", 200, nil, `{"sha":"1","size":5,"encoding":"base64","content":"%%%%%"}`), store.Unrecognized, ""},
		{"content without a name", status("content", 200, nil, `{"size":1,"encoding":"base64","content":"YQ=="}`), store.Unrecognized, ""},
		{"content that is null", status("content", 200, nil, `null`), store.NotOurs, ""},
		{"a folder in place of the file", status("content", 200, nil, `[{"name":"x","type":"file"}]`), store.NotOurs, ""},
		{"a symbolic link in place of the file", status("content", 200, nil, `{"sha":"1","size":1,"type":"file","path":"elsewhere.txt","encoding":"base64","content":"YQ=="}`), store.NotOurs, ""},
		{"a submodule in place of the file", status("content", 200, nil, `{"sha":"1","size":0,"type":"submodule"}`), store.NotOurs, ""},
	} {
		runOnGitHub(t, tt.name, func(t *testing.T, g *github) {
			o := tt.set(g)
			before := g.shot()
			_, err := g.open(branchSpec, o).Check(t.Context())
			assertStoreKind(t, "Check", err, tt.want)
			var e *store.Error
			if errors.As(err, &e) && e.Rule != tt.rule {
				t.Errorf("rule: got %q, want %q", e.Rule, tt.rule)
			}
			check.Equal(t, g.shot(), before, "the check changed a branch")
		})
	}
}

func TestBranchCheckLetsThrough(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		exists bool
		set    func(*github)
	}{
		{"rules that concern a deletion", true, func(g *github) { g.server.SetRules(branchName, "deletion", "non_fast_forward") }},
		{"rules of the future", true, func(g *github) { g.server.SetRules(branchName, "no_such_type_yet") }},
		{"rules that concern a deletion, and no branch", false, func(g *github) { g.server.SetRules(branchName, "deletion", "non_fast_forward", "no_such_type_yet") }},
		{"a rule against creation of what exists", true, func(g *github) { g.server.SetRules(branchName, "creation") }},
		{"signatures of the built-in token", true, func(g *github) { g.server.SetRules(branchName, "required_signatures") }},
		{"signatures of the built-in token, and no branch", false, func(g *github) { g.server.SetRules(branchName, "required_signatures") }},
		{"patterns that fit", true, func(g *github) {
			g.server.SetRules(branchName, `commit_message_pattern {"operator":"starts_with","pattern":"Keep"}`,
				`branch_name_pattern {"operator":"regex","pattern":"^refs/heads/[a-z-]+$"}`, `max_file_size {"max_file_size":1}`,
				`file_path_restriction {"restricted_file_paths":["docs/*"]}`, `file_extension_restriction {"restricted_file_extensions":["*.exe"]}`,
				`committer_email_pattern {"operator":"contains","pattern":"@"}`, `commit_message_pattern {"operator":"regex","pattern":"(?=x)"}`)
		}},
		{"rules of another branch", false, func(g *github) { g.server.SetRules("main", "creation", "update", "pull_request") }},
		{"another branch is protected", false, func(g *github) { g.server.Set(func(k *sandbox.Knobs) { k.Protected = "main" }) }},
		{"a server that knows no rules", true, func(g *github) {
			g.server.Fail(sandbox.Fault{Call: "rules", Kind: sandbox.FaultStatus, Status: 404, Body: `{}`})
		}},
		{"a server that does not tell its rules", true, func(g *github) {
			g.server.Fail(sandbox.Fault{Call: "rules", Kind: sandbox.FaultStatus, Status: 403, Body: `{"message":"Upgrade to GitHub Pro"}`})
		}},
	} {
		runOnGitHub(t, tt.name, func(t *testing.T, g *github) {
			commits := 1
			if tt.exists {
				g.keep(g.branch(branchSpec), oldToken)
				commits = 2
			}
			tt.set(g)
			g.keep(g.branch(branchSpec), newToken)
			g.assertBranch(branchName, branchFile, commits, newToken)
		})
	}
}

// TestUnsignedCommitsAreWarnedOf: what GitHub does for a person can't be tried.
func TestUnsignedCommitsAreWarnedOf(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		g.keep(g.branch(branchSpec), oldToken)
		g.server.SetRules(branchName, "required_signatures")
		for token, want := range map[string]bool{g.server.BuiltInToken(): false, g.server.GitHubToken(): true} {
			check.Equal(t, g.check(g.open(branchSpec, opening{token: token})).Warning != nil, want, "warned")
		}
	})
}

// TestOnlyAMadeReferenceIsBelieved: a success of any other kind made no branch.
func TestOnlyAMadeReferenceIsBelieved(t *testing.T) {
	t.Parallel()
	for status, body := range map[int]string{200: `{}`, 202: `{}`, 203: `{}`, 204: ``, 201: `null`, 299: `{"ref":"refs/heads/other"}`} {
		synctest.Test(t, func(t *testing.T) {
			g := newGitHub(t)
			b := g.checked(branchSpec)
			g.server.Fail(sandbox.Fault{Call: "ref", Kind: sandbox.FaultStatus, Status: min(status, 204), Body: body})
			assertStoreKind(t, fmt.Sprint(status), b.Store(t.Context(), record(newToken)), store.Unrecognized)
		})
	}
}

// TestBranchThatCountsAsProtectedByAHarmlessRule: GitHub calls a branch
// protected that any rule applies to.
func TestBranchThatCountsAsProtectedByAHarmlessRule(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		g.keep(g.branch(branchSpec), oldToken)
		g.server.SetRules(branchName, "deletion")
		g.server.Set(func(k *sandbox.Knobs) { k.Protected = branchName })
		g.check(g.branch(branchSpec))
	})
}

// TestBranchCheckOutlivesFaults holds that one failing call does not fail the
// check.
func TestBranchCheckOutlivesFaults(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"repository", "blob", "branch", "rules", "content"} {
		for _, fault := range []sandbox.Fault{
			{Kind: sandbox.FaultStatus, Status: 500, Times: 1},
			{Kind: sandbox.FaultStatus, Status: 429, Header: map[string]string{"Retry-After": "2"}, Times: 1},
			{Kind: sandbox.FaultStall, Times: 1},
			{Kind: sandbox.FaultCutAfter, Times: 1},
			{Kind: sandbox.FaultTruncate, Times: 1},
		} {
			fault.Call = call
			runOnGitHub(t, fmt.Sprintf("%s %s %d", call, fault.Kind, fault.Status), func(t *testing.T, g *github) {
				g.keep(g.branch(branchSpec), oldToken)
				before := g.shot()
				g.server.Fail(fault)
				b := g.open(branchSpec, opening{id: -1})
				if facts := g.check(b); !facts.Exists || !facts.Held || !facts.WriteProven {
					t.Errorf("facts: %+v", facts)
				}
				assertHolds(t, b.Held(), oldToken)
				check.Equal(t, g.shot(), before, "the check changed a branch")
			})
		}
	}
}

// TestBranchCheckWantsRoomInTheRateLimit: a refresh token is not spent if
// the write of its successor would be refused.
func TestBranchCheckWantsRoomInTheRateLimit(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		reset := time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC)
		g.server.Fail(sandbox.Fault{Call: "blob", Kind: sandbox.FaultHeader, Header: map[string]string{
			"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": fmt.Sprint(reset.Unix())}})
		_, err := g.branch(branchSpec).Check(t.Context())
		assertStoreKind(t, "Check", err, store.RateLimited)
		var e *store.Error
		if errors.As(err, &e) && !e.Until.Equal(reset) {
			t.Errorf("until: got %v, want %v", e.Until, reset)
		}
	})
}

// found is what may stand where a refresh token should be kept.
type found struct {
	name string
	text func(*github) string
	want store.Kind
	// replaceable: whoever just logged in may write over it.
	replaceable bool
}

// kept returns the document that another run would write to target.
func (g *github) kept(target string, o opening) string {
	g.t.Helper()
	b := g.open(target, o)
	g.keep(b, oldToken)
	text := g.server.File(b.Target.Branch, fileOf(b.Target))
	g.server.DeleteBranch(b.Target.Branch)
	return text
}

func fileOf(t store.Target) string {
	if t.Name == "" {
		return branchFile
	}
	return "refresh-token-" + t.Name + ".txt"
}

func foundDocuments() []found {
	ours := func(g *github) string { return g.kept(branchSpec, opening{}) }
	with := func(change func(string) string) func(*github) string {
		return func(g *github) string { return change(ours(g)) }
	}
	const begin = "-----BEGIN"
	return []found{
		{"ours", ours, "", true},
		{"ours, with the line ends of Windows", with(func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }), "", true},
		{"ours, with other words before", with(func(s string) string {
			first, _, _ := strings.Cut(s, "\n")
			return first + "\nHello.\n" + s[strings.LastIndex(s, begin+" AGE"):]
		}), "", true},
		{"of a later version", with(func(s string) string { return strings.Replace(s, "version 1\n", "version 2\n", 1) }), store.NewerVersion, false},
		{"of a much later version", func(*github) string { return "strava-token refresh token, version 10\n" }, store.NewerVersion, false},
		{"empty", func(*github) string { return "" }, store.NotOurs, false},
		{"another text", func(*github) string { return "# strava-token\n\nHello.\n" }, store.NotOurs, false},
		{"only the sealed part", with(func(s string) string { return s[strings.LastIndex(s, begin+" AGE"):] }), store.NotOurs, false},
		{"something before ours", with(func(s string) string { return "x" + s }), store.NotOurs, false},
		{"a page", func(*github) string { return "<html>" }, store.NotOurs, false},
		{"without the sealed part", with(func(s string) string { return s[:strings.LastIndex(s, begin+" AGE")] }), store.Damaged, true},
		{"cut in the middle", with(func(s string) string { return s[:len(s)-80] }), store.Damaged, true},
		{"with something behind", with(func(s string) string { return s + "more\n" }), store.Damaged, true},
		{"with a letter changed", with(func(s string) string {
			at := strings.LastIndex(s, begin+" AGE") + 300
			return s[:at] + string(s[at]^1) + s[at+1:]
		}), store.Damaged, true},
		{"under another client secret", func(g *github) string {
			return g.kept(branchSpec, opening{app: store.App{ClientID: g.app().ClientID, ClientSecret: secret.New(strings.Repeat("b", 40))}})
		}, store.OtherSecret, true},
		{"of another app", func(g *github) string {
			return g.kept(branchSpec, opening{app: store.App{ClientID: "99999", ClientSecret: g.app().ClientSecret}})
		}, store.OtherApp, true},
		{"of another repository", func(g *github) string {
			return g.kept(branchSpec, opening{id: sandbox.RepositoryID + 1})
		}, store.OtherRepository, true},
		{"of another branch", func(g *github) string { return g.kept("branch:other", opening{}) }, store.OtherPlace, true},
		{"of another athlete", func(g *github) string { return g.kept(branchSpec+"#alice", opening{}) }, store.OtherPlace, true},
		{"of a file", func(g *github) string { return keptFile(g.t, g.app(), oldToken) }, store.OtherPlace, true},
		{"larger than a document", func(*github) string {
			return "strava-token refresh token, version 1\n" + strings.Repeat("x", 64<<10)
		}, store.TooLarge, false},
		{"larger than GitHub shows", func(*github) string { return strings.Repeat("x", 1<<20+1) }, store.TooLarge, false},
	}
}

func TestBranchHoldsSomethingElse(t *testing.T) {
	t.Parallel()
	for _, tt := range foundDocuments() {
		runOnGitHub(t, tt.name, func(t *testing.T, g *github) {
			g.server.SetFile(branchName, branchFile, tt.text(g))
			before := g.shot()
			b := g.branch(branchSpec)
			facts, err := b.Check(t.Context())
			assertStoreKind(t, "Check", err, tt.want)
			if tt.want == "" {
				assertHolds(t, b.Held(), oldToken)
			} else {
				assertHolds(t, b.Held(), "")
			}
			check.That(t, err != nil || facts.Exists && facts.Held, "facts: %+v", facts)
			check.Equal(t, g.shot(), before, "the check changed a branch")

			// Whoever just logged in.
			b = g.branch(branchSpec)
			b.MayReplace = true
			facts, err = b.Check(t.Context())
			if !tt.replaceable {
				assertStoreKind(t, "Check with MayReplace", err, tt.want)
				return
			}
			check.Need(t, err == nil, "Check with MayReplace: %v", err)
			if tt.want == "" {
				return // written over in the other tests
			}
			check.That(t, facts.Exists && !facts.Held, "facts: %+v, want something that exists and holds nothing", facts)
			check.OK(t, b.Store(t.Context(), record(newToken)))
			check.Equal(t, g.server.Opened(g.server.File(branchName, branchFile)), newToken, "file")
			g.assertCommits(branchName, 2)
		})
	}
}

// TestAthletesFileIsRefusedElsewhere is the other way round: what belongs to no
// athlete, on an athlete's place.
func TestAthletesFileIsRefusedElsewhere(t *testing.T) {
	onGitHub(t, func(t *testing.T, g *github) {
		for _, from := range []string{branchSpec, branchSpec + "#bob", branchSpec + "#Alice"} {
			text := g.kept(from, opening{})
			g.server.SetFile(branchName, "refresh-token-alice.txt", text)
			_, err := g.branch(branchSpec + "#alice").Check(t.Context())
			assertStoreKind(t, "Check of what came from "+from, err, store.OtherPlace)
			g.server.DeleteBranch(branchName)
		}
	})
}
