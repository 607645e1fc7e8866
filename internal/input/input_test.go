package input_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sethvargo/go-githubactions"

	"strava-token/internal/input"
	"strava-token/internal/secret"
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
	in, err := input.Read(&input.Workflow{
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

// TestStravaJudgesWhatMayHoldACredential holds that only Strava refuses what people
// paste with something around it, and that it's masked, line by line.
func TestStravaJudgesWhatMayHoldACredential(t *testing.T) {
	t.Parallel()
	const token = "89abcdef0123456789abcdef0123456789abcdef"
	for _, pasted := range []string{
		token + ",", `"` + token + `"`, "refresh_token = " + token, token[:39], token + "ä", strings.Repeat(token, 100),
		"{\n  \"refresh_token\": \"" + token + "\"\n}",
	} {
		for _, variable := range []string{"INPUT_CLIENT-SECRET", "INPUT_REFRESH-TOKEN"} {
			env := good(t)
			env[variable] = pasted
			_, problems, masked := read(env)
			if len(problems) > 0 || !slices.ContainsFunc(masked, func(m string) bool { return strings.Contains(pasted, m) && len(m) > 38 }) {
				t.Errorf("%s=%q: problems %v, masked %q", variable, pasted, problems, masked)
			}
			if slices.Contains(masked, "{") {
				t.Error("a brace is masked everywhere")
			}
		}
	}
}

// TestNoMarkOfASealedTextIsMasked: without them nobody finds the next one in the log.
func TestNoMarkOfASealedTextIsMasked(t *testing.T) {
	env := good(t)
	env["INPUT_REFRESH-TOKEN"] = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24\n-----END AGE ENCRYPTED FILE-----\n"
	_, problems, masked := read(env)
	if len(problems) != 1 || slices.ContainsFunc(masked, func(m string) bool { return strings.Contains(m, "-----") }) {
		t.Errorf("problems %v, masked %q", problems, masked)
	}
}

// TestSwapped holds that two values in each other's place are one problem.
func TestSwapped(t *testing.T) {
	t.Parallel()
	env := good(t)
	env["INPUT_CLIENT-ID"], env["INPUT_CLIENT-SECRET"] = env["INPUT_CLIENT-SECRET"], env["INPUT_CLIENT-ID"]
	if _, problems, _ := read(env); len(problems) != 1 || problems[0].ID != "input-secret-as-id" {
		t.Errorf("got %v", problems)
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
		voice := words.Voice{Step: true}
		for _, p := range problems {
			for _, secret := range []string{clientSecret, refresh} {
				if text := voice.Explain(p)[0].Text(); len(secret) >= 24 && strings.Contains(text, secret) {
					t.Errorf("%s quotes a credential: %q", p.ID, text)
				}
			}
		}
	})
}
