package action

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"strava-token/internal/secret"
	"strava-token/internal/store"
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

func read(env map[string]string) (inputs, *InputError) {
	return newEdge(func(name string) string { return env[name] }, io.Discard).read()
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
	in, err := read(env)
	if err != nil {
		t.Fatal(err)
	}
	if len(in.targets) != 2 || in.targets[1].Environment != "prod" {
		t.Errorf("targets: got %v", in.targets)
	}
	if got := strings.Join(in.requireScopes, " "); got != "read activity:read_all" {
		t.Errorf("scopes: got %q", got)
	}
	if in.verify || !in.recovery || in.exportEnv || in.exposeRefresh {
		t.Errorf("switches: got %t %t %t %t", in.verify, in.recovery, in.exportEnv, in.exposeRefresh)
	}
	if in.expectedAthlete != 126651800 || in.githubURL.Path != "/api/v3" {
		t.Errorf("got athlete %d, address %s", in.expectedAthlete, in.githubURL)
	}
}

// TestBadInputs holds one bad input a row; everything else is right.
func TestBadInputs(t *testing.T) {
	t.Parallel()
	const (
		missing     = Fault(secret.Missing)
		placeholder = Fault(secret.Placeholder)
	)
	for _, tt := range []struct {
		variable, value string
		want            Fault
	}{
		{"INPUT_CLIENT-ID", "", FaultMissingClientID},
		{"INPUT_CLIENT-ID", "  ", FaultMissingClientID},
		{"INPUT_CLIENT-ID", "xxx", placeholder},
		{"INPUT_CLIENT-ID", "***", placeholder},
		{"INPUT_CLIENT-ID", "${{ secrets.ID }}", Fault(secret.Expression)},
		{"INPUT_CLIENT-ID", "12 34", Fault(secret.Whitespace)},
		{"INPUT_CLIENT-ID", `"48213"`, Fault(secret.Quoted)},
		{"INPUT_CLIENT-ID", "my app", Fault(secret.Whitespace)},
		{"INPUT_CLIENT-ID", "my-app", FaultNotANumber},
		{"INPUT_CLIENT-ID", "-5", FaultNotANumber},
		{"INPUT_CLIENT-ID", "1234567890123456789", FaultNotANumber},
		{"INPUT_CLIENT-ID", "0123456789abcdef0123456789abcdef01234567", FaultSecretAsID},
		{"INPUT_CLIENT-SECRET", "", missing},
		{"INPUT_CLIENT-SECRET", "null", placeholder},
		{"INPUT_CLIENT-SECRET", "undefined", placeholder},
		{"INPUT_CLIENT-SECRET", "-", placeholder},
		{"INPUT_CLIENT-SECRET", "01234567 89abcdef", Fault(secret.Whitespace)},
		{"INPUT_CLIENT-SECRET", "01234567\n89abcdef", Fault(secret.Whitespace)},
		{"INPUT_CLIENT-SECRET", "abc", Fault(secret.Short)},
		{"INPUT_CLIENT-SECRET", `"0123456789abcdef"`, Fault(secret.Quoted)},
		{"INPUT_CLIENT-SECRET", "…", placeholder},
		{"INPUT_CLIENT-SECRET", "0123456789äbcdef", Fault(secret.Unprintable)},
		{"INPUT_REFRESH-TOKEN", "", missing},
		{"INPUT_REFRESH-TOKEN", "null", placeholder},
		{"INPUT_REFRESH-TOKEN", "<your refresh token>", placeholder},
		{"INPUT_REFRESH-TOKEN", strings.Repeat("a", 3000), Fault(secret.Long)},
		{"INPUT_GITHUB-TOKEN", "", missing},
		{"INPUT_GITHUB-TOKEN", "xxx", placeholder},
		{"INPUT_ROTATE-TO", "1ST", Fault(store.BadSecretName)},
		{"INPUT_ROTATE-TO", "GITHUB_STRAVA", Fault(store.BadSecretName)},
		{"INPUT_ROTATE-TO", "vault:x", Fault(store.UnknownTarget)},
		{"INPUT_ROTATE-TO", "A\na", FaultDoubledTarget},
		{"INPUT_ROTATE-TO", "A\nOcto/running/A", FaultDoubledTarget},
		{"INPUT_ROTATE-TO", "branch:main", FaultCodeBranch},
		{"INPUT_ROTATE-TO", "branch:main#alice", FaultCodeBranch},
		{"INPUT_ROTATE-TO", "branch:refs/heads/strava-token", Fault(store.BadBranchName)},
		{"GITHUB_REPOSITORY", "", Fault(store.NoRepository)},
		{"INPUT_REQUIRE-SCOPES", "activity:read_al", FaultUnknownScope},
		{"INPUT_REQUIRE-SCOPES", "view_private", FaultUnknownScope},
		{"INPUT_EXPECTED-ATHLETE", "me", FaultNotANumber},
		{"INPUT_EXPECTED-ATHLETE", "0", FaultNotANumber},
		{"INPUT_EXPECTED-ATHLETE", "-1", FaultNotANumber},
		{"INPUT_VERIFY", "yes", FaultNotABoolean},
		{"INPUT_RECOVERY", "1", FaultNotABoolean},
		{"INPUT_EXPORT-ENV", "on", FaultNotABoolean},
		{"INPUT_EXPOSE-REFRESH-TOKEN", "maybe", FaultNotABoolean},
		{"INPUT_STRAVA-URL", "http://www.strava.com", FaultInsecureAddress},
		{"INPUT_STRAVA-URL", "http://127.0.0.1.evil.example", FaultInsecureAddress},
		{"INPUT_STRAVA-URL", "https://user:password@www.strava.com", FaultInsecureAddress},
		{"INPUT_STRAVA-URL", "https://www.strava.com?x=y", FaultInsecureAddress},
		{"INPUT_STRAVA-URL", "www.strava.com", FaultInsecureAddress},
		{"INPUT_STRAVA-URL", "file:///etc/passwd", FaultInsecureAddress},
		{"INPUT_STRAVA-API-URL", "ftp://localhost/", FaultInsecureAddress},
		{"GITHUB_API_URL", "http://api.github.com", FaultInsecureAddress},
		{"GITHUB_OUTPUT", "", FaultUnwritable},
		{"GITHUB_OUTPUT", "/nowhere/at/all", FaultUnwritable},
	} {
		env := good(t)
		env["GITHUB_REF_TYPE"], env["GITHUB_REF_NAME"] = "branch", "main"
		env[tt.variable] = tt.value
		_, err := read(env)
		want := []Problem{{Input: strings.ToLower(strings.TrimPrefix(tt.variable, "INPUT_")), Fault: tt.want}}
		switch tt.variable {
		case "GITHUB_REPOSITORY":
			want[0].Input = "rotate-to"
		case "GITHUB_API_URL", "GITHUB_OUTPUT":
			want[0].Input = tt.variable
		}
		if err == nil {
			t.Errorf("%s=%q: no problem, want %s", tt.variable, tt.value, tt.want)
			continue
		}
		for i := range err.Problems {
			err.Problems[i].Detail = ""
		}
		if diff := cmp.Diff(want, err.Problems); diff != "" {
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
				_, err := read(env)
				if err == nil {
					continue // a secret's name may look like anything
				}
				for _, p := range err.Problems {
					if strings.Contains(p.Detail, value) {
						t.Errorf("%s: the problem quotes %q", variable, p.Detail)
					}
				}
			}
		}
	}
}
