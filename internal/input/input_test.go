package input_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-githubactions"

	"strava-token/internal/input"
	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/words"
)

// good are inputs with which nothing is wrong.
func good(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"GITHUB_OUTPUT":       filepath.Join(t.TempDir(), "output"),
		"GITHUB_REPOSITORY":   "octo/running",
		"INPUT_CLIENT-ID":     "48213",
		"INPUT_CLIENT-SECRET": "0123456789abcdef0123456789abcdef01234567",
		"INPUT_REFRESH-TOKEN": "89abcdef0123456789abcdef0123456789abcdef",
		"INPUT_ROTATE-TO":     "STRAVA_REFRESH_TOKEN",
		"INPUT_GITHUB-TOKEN":  "github_pat_0123456789",
	}
}

// read reads the inputs of a step, and returns what is masked as well.
func read(env map[string]string) (in *input.Inputs, problems []input.Problem, masked []string) {
	getenv := func(name string) string { return env[name] }
	in, err := input.Read(input.Workflow{
		Getenv: getenv,
		Input:  githubactions.New(githubactions.WithGetenv(getenv)).GetInput,
		Hide: func(v secret.Value) bool {
			masked = append(masked, v.Reveal())
			return true
		},
	}, true)
	var wrong *input.Error
	if errors.As(err, &wrong) {
		problems = wrong.Problems
	}
	return in, problems, masked
}

func TestGoodInputs(t *testing.T) {
	t.Parallel()
	env := good(t)
	env["INPUT_ROTATE-TO"] = "\n STRAVA_REFRESH_TOKEN \n\nSTRAVA@prod\n"
	env["INPUT_REQUIRE-SCOPES"] = "read, activity:read_all"
	env["INPUT_EXPECTED-ATHLETE"] = "126651800"
	env["INPUT_VERIFY"] = "False"
	env["INPUT_STRAVA-URL"] = "http://127.0.0.1:8080"
	env["GITHUB_API_URL"] = "https://github.example/api/v3"
	in, problems, _ := read(env)
	if problems != nil {
		t.Fatal(problems)
	}
	if len(in.Targets) != 2 || in.Targets[1].Environment != "prod" {
		t.Errorf("targets: got %v", in.Targets)
	}
	if got := strings.Join(in.RequireScopes, " "); got != "read activity:read_all" {
		t.Errorf("scopes: got %q", got)
	}
	if in.Verify || !in.Recovery || in.ExportEnv || in.ExposeRefreshToken {
		t.Errorf("switches: got %t %t %t %t", in.Verify, in.Recovery, in.ExportEnv, in.ExposeRefreshToken)
	}
	if in.ExpectedAthlete != 126651800 || in.GitHubURL.Path != "/api/v3" {
		t.Errorf("got athlete %d, address %s", in.ExpectedAthlete, in.GitHubURL)
	}
}

// TestBadInputs holds one bad input a row; everything else is right.
func TestBadInputs(t *testing.T) {
	t.Parallel()
	const (
		missing     = input.Fault(secret.Missing)
		placeholder = input.Fault(secret.Placeholder)
	)
	for _, tt := range []struct {
		variable, value string
		want            input.Fault
	}{
		{"INPUT_CLIENT-ID", "", input.Fault(secret.Missing)},
		{"INPUT_CLIENT-ID", "  ", input.Fault(secret.Missing)},
		{"INPUT_CLIENT-ID", "xxx", placeholder},
		{"INPUT_CLIENT-ID", "***", placeholder},
		{"INPUT_CLIENT-ID", "${{ secrets.ID }}", input.Fault(secret.Expression)},
		{"INPUT_CLIENT-ID", "12 34", input.Fault(secret.Whitespace)},
		{"INPUT_CLIENT-ID", `"48213"`, input.Fault(secret.Quoted)},
		{"INPUT_CLIENT-ID", "my app", input.Fault(secret.Whitespace)},
		{"INPUT_CLIENT-ID", "my-app", input.FaultNotAClientID},
		{"INPUT_CLIENT-ID", "-5", input.FaultNotAClientID},
		{"INPUT_CLIENT-ID", "1234567890123456789", input.FaultNotAClientID},
		{"INPUT_CLIENT-ID", "0123456789abcdef0123456789abcdef01234567", input.FaultSecretAsID},
		{"INPUT_CLIENT-SECRET", "", missing},
		{"INPUT_CLIENT-SECRET", "null", placeholder},
		{"INPUT_CLIENT-SECRET", "undefined", placeholder},
		{"INPUT_CLIENT-SECRET", "-", placeholder},
		{"INPUT_CLIENT-SECRET", "01234567 89abcdef", input.Fault(secret.Whitespace)},
		{"INPUT_CLIENT-SECRET", "01234567\n89abcdef", input.Fault(secret.Whitespace)},
		{"INPUT_CLIENT-SECRET", "abc", input.Fault(secret.Short)},
		{"INPUT_CLIENT-SECRET", `"0123456789abcdef"`, input.Fault(secret.Quoted)},
		{"INPUT_CLIENT-SECRET", "…", placeholder},
		{"INPUT_CLIENT-SECRET", "0123456789äbcdef", input.Fault(secret.Unprintable)},
		{"INPUT_REFRESH-TOKEN", "", missing},
		{"INPUT_REFRESH-TOKEN", "null", placeholder},
		{"INPUT_REFRESH-TOKEN", "<your refresh token>", placeholder},
		{"INPUT_REFRESH-TOKEN", strings.Repeat("a", 3000), input.Fault(secret.Long)},
		{"INPUT_GITHUB-TOKEN", "", missing},
		{"INPUT_GITHUB-TOKEN", "xxx", placeholder},
		{"INPUT_ROTATE-TO", "1ST", input.Fault(store.BadSecretName)},
		{"INPUT_ROTATE-TO", "GITHUB_STRAVA", input.Fault(store.BadSecretName)},
		{"INPUT_ROTATE-TO", "vault:x", input.Fault(store.UnknownTarget)},
		{"INPUT_ROTATE-TO", "A\na", input.FaultDoubledTarget},
		{"INPUT_ROTATE-TO", "A\nOcto/running/A", input.FaultDoubledTarget},
		{"INPUT_ROTATE-TO", "branch:main", input.FaultCodeBranch},
		{"INPUT_ROTATE-TO", "branch:main#alice", input.FaultCodeBranch},
		{"INPUT_ROTATE-TO", "branch:refs/heads/strava-token", input.Fault(store.BadBranchName)},
		{"GITHUB_REPOSITORY", "", input.Fault(store.NoRepository)},
		{"INPUT_REQUIRE-SCOPES", "activity:read_al", input.FaultUnknownScope},
		{"INPUT_REQUIRE-SCOPES", "view_private", input.FaultUnknownScope},
		{"INPUT_EXPECTED-ATHLETE", "me", input.FaultNotAnAthleteID},
		{"INPUT_EXPECTED-ATHLETE", "0", input.FaultNotAnAthleteID},
		{"INPUT_EXPECTED-ATHLETE", "-1", input.FaultNotAnAthleteID},
		{"INPUT_VERIFY", "yes", input.FaultNotABoolean},
		{"INPUT_RECOVERY", "1", input.FaultNotABoolean},
		{"INPUT_EXPORT-ENV", "on", input.FaultNotABoolean},
		{"INPUT_EXPOSE-REFRESH-TOKEN", "maybe", input.FaultNotABoolean},
		{"INPUT_STRAVA-URL", "http://www.strava.com", input.FaultInsecureAddress},
		{"INPUT_STRAVA-URL", "http://127.0.0.1.evil.example", input.FaultInsecureAddress},
		{"INPUT_STRAVA-URL", "https://user:password@www.strava.com", input.FaultInsecureAddress},
		{"INPUT_STRAVA-URL", "https://www.strava.com?x=y", input.FaultInsecureAddress},
		{"INPUT_STRAVA-URL", "www.strava.com", input.FaultInsecureAddress},
		{"INPUT_STRAVA-URL", "file:///etc/passwd", input.FaultInsecureAddress},
		{"INPUT_STRAVA-API-URL", "ftp://localhost/", input.FaultInsecureAddress},
		{"GITHUB_API_URL", "http://api.github.com", input.FaultInsecureAddress},
	} {
		env := good(t)
		env["GITHUB_REF_TYPE"], env["GITHUB_REF_NAME"] = "branch", "main"
		env[tt.variable] = tt.value
		_, problems, _ := read(env)
		want := []input.Problem{{Input: strings.ToLower(strings.TrimPrefix(tt.variable, "INPUT_")), ID: "input-" + string(tt.want)}}
		if tt.want == input.Fault(secret.Missing) {
			want[0].ID += "-" + want[0].Input
		}
		switch tt.variable {
		case "GITHUB_REPOSITORY":
			want[0].Input = "rotate-to"
		case "GITHUB_API_URL":
			want[0].Input = tt.variable
		}
		for i := range problems {
			problems[i].Detail = ""
		}
		if diff := cmp.Diff(want, problems); diff != "" {
			t.Errorf("%s=%q (-want +got):\n%s", tt.variable, tt.value, diff)
		}
	}
}

func TestProblemsNeverQuoteWhatCouldBeASecret(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"0123456789abcdef0123456789abcdef01234567", "ghp_0123456789abcdefghij", "github_pat_x", strings.Repeat("z", 200),
	} {
		for _, variable := range []string{"INPUT_ROTATE-TO", "INPUT_VERIFY", "INPUT_REQUIRE-SCOPES", "INPUT_EXPECTED-ATHLETE", "INPUT_CLIENT-ID", "INPUT_STRAVA-URL"} {
			for _, written := range []string{value + "!", "!" + value, value} {
				env := good(t)
				env[variable] = written
				_, problems, _ := read(env)
				for _, p := range problems {
					if strings.Contains(p.Detail, value) {
						t.Errorf("%s: the problem quotes %q", variable, p.Detail)
					}
				}
			}
		}
	}
}

// TestCredentialsThatAreFlawedAreMaskedAllTheSame: what was pasted may be a real
// one with something glued to it.
func TestCredentialsThatAreFlawedAreMaskedAllTheSame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		variable, value string
		masked          bool
	}{
		{"INPUT_CLIENT-SECRET", "0123456789abcdef 0123456789abcdef01234567", true},
		{"INPUT_REFRESH-TOKEN", "0123456789äbcdef0123456789abcdef01234567", true},
		{"INPUT_GITHUB-TOKEN", strings.Repeat("a", 3000), true},
		{"INPUT_CLIENT-ID", "0123456789abcdef0123456789abcdef01234567", true},
		// The mask of a word or of a few characters would mangle the log.
		{"INPUT_CLIENT-SECRET", "null", false},
		{"INPUT_REFRESH-TOKEN", "xxx", false},
		{"INPUT_REFRESH-TOKEN", "abc", false},
		{"INPUT_CLIENT-ID", "48213", false},
	} {
		env := good(t)
		env[tt.variable] = tt.value
		_, _, masked := read(env)
		if got := slices.Contains(masked, tt.value); got != tt.masked {
			t.Errorf("%s=%.20q: masked %t, want %t", tt.variable, tt.value, got, tt.masked)
		}
	}
}

func TestRunsWithoutSecretsAreRecognized(t *testing.T) {
	t.Parallel()
	event := func(content string) string {
		path := filepath.Join(t.TempDir(), "event.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fork := event(`{"pull_request":{"head":{"repo":{"full_name":"someone/running"}}}}`)
	own := event(`{"pull_request":{"head":{"repo":{"full_name":"Octo/Running"}}}}`)
	deleted := event(`{"pull_request":{"head":{"repo":null}}}`)
	for _, tt := range []struct {
		name, event, path, actor string
		want                     input.Fault
	}{
		{"fork", "pull_request", fork, "someone", input.FaultFork},
		{"deleted fork", "pull_request", deleted, "someone", input.FaultFork},
		{"review of a fork", "pull_request_review", fork, "someone", input.FaultFork},
		{"own branch", "pull_request", own, "octo", ""},
		{"target of a fork, which has secrets", "pull_request_target", fork, "someone", ""},
		{"schedule", "schedule", fork, "octo", ""},
		{"no event", "pull_request", "/nowhere", "octo", ""},
		{"junk", "pull_request", event("<html>"), "octo", ""},
		{"dependabot", "push", own, "dependabot[bot]", input.FaultDependabot},
	} {
		env := map[string]string{
			"GITHUB_REPOSITORY": "octo/running", "GITHUB_EVENT_NAME": tt.event,
			"GITHUB_EVENT_PATH": tt.path, "GITHUB_ACTOR": tt.actor,
		}
		if got := (input.Workflow{Getenv: func(name string) string { return env[name] }}).Withheld(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// FuzzInputs asserts that no input makes reading panic, and that what is said
// of bad ones never quotes a credential.
func FuzzInputs(f *testing.F) {
	f.Add("48213", "0123456789abcdef0123456789abcdef01234567", "89abcdef0123456789abcdef0123456789abcdef", "STRAVA", "true", "https://www.strava.com", "read")
	f.Add("", "null", "${{ x }}", "a/b/c\n\n@", "maybe", "http://user:pass@x", "::error::")
	f.Add("0123456789abcdef0123456789abcdef01234567", "\x00", "é", "org:/", "\n", "://", ",,")
	f.Fuzz(func(t *testing.T, id, clientSecret, refresh, targets, boolean, address, scopes string) {
		env := map[string]string{
			"GITHUB_OUTPUT": os.DevNull, "GITHUB_REPOSITORY": "octo/running",
			"INPUT_CLIENT-ID": id, "INPUT_CLIENT-SECRET": clientSecret, "INPUT_REFRESH-TOKEN": refresh,
			"INPUT_ROTATE-TO": targets, "INPUT_VERIFY": boolean, "INPUT_STRAVA-URL": address, "INPUT_REQUIRE-SCOPES": scopes,
		}
		in, problems, _ := read(env)
		if problems == nil && (in.StravaURL == nil || in.ClientID == "" || in.ClientSecret.Empty()) {
			t.Error("unusable inputs were let through")
		}
		voice := words.Step("")
		for _, p := range problems {
			for _, secret := range []string{clientSecret, refresh} {
				if text := voice.Explain(p)[0].Text(); len(secret) >= 24 && strings.Contains(text, secret) {
					t.Errorf("%s quotes a credential: %q", p.ID, text)
				}
			}
		}
	})
}
