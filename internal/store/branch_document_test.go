package store_test

import (
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
	"strava-token/internal/secret"
	"strava-token/internal/store"
)

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
			if n, _ := g.server.Commits(branchName); n != 2 {
				t.Errorf("commits: got %d, want 2", n)
			}
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
