package reality_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

// keptInFile lets a file keep the refresh token, which can be read back.
func keptInFile(a *account) {
	path := filepath.Join(a.t.TempDir(), "token")
	a.args = []string{"reality", "--rotate-to", "file:" + path}
	a.kept = func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			a.t.Fatal(err)
		}
		return a.server.Opened(string(text))
	}
}

// TestTheNewestRefreshTokenIsKept in a target that can be read back, too, and is sealed
// if a target fails.
func TestTheNewestRefreshTokenIsKept(t *testing.T) {
	t.Parallel()
	always := func(k *sandbox.Knobs) { k.Rotation = sandbox.RotateAlways }
	t.Run("in a file", func(t *testing.T) {
		inAccount(t, func(a *account) {
			a.server.Set(always)
			keptInFile(a)
			a.check(1)
		})
	})
	t.Run("sealed", func(t *testing.T) {
		inAccount(t, func(a *account) {
			a.server.Set(always)
			answersText("put", 403, "Resource not accessible by personal access token")(a)
			a.kept = a.server.LiveRefreshToken
			if rows := a.check(3); len(rows) != len(falsified) {
				t.Errorf("%d rows, want all", len(rows))
			}
			if n := a.server.Count("strava", "POST", "/oauth/token grant=refresh_token refresh#1"); n != 1 {
				t.Errorf("%d refreshes, want one", n)
			}
		})
	})
	t.Run("no target", func(t *testing.T) {
		inAccount(t, func(a *account) {
			a.args = a.args[:1]
			if a.check(2); a.server.Journal() != "" {
				t.Errorf("something was sent:\n%s", a.server.Journal())
			}
		})
	})
}

// TestTheBranchIsGone if its making was not answered, or the check is cancelled.
func TestTheBranchIsGone(t *testing.T) {
	t.Parallel()
	t.Run("answer lost", func(t *testing.T) {
		inAccount(t, func(a *account) {
			a.server.Fail(sandbox.Fault{Call: "ref", Kind: sandbox.FaultCutAfter, Times: 1})
			rows := a.check(0)
			if r := rows["the branch of this check is gone again"]; r.verdict != "confirmed" {
				t.Errorf("got %q: %s", r.verdict, r.seen)
			}
		})
	})
	t.Run("cancelled", func(t *testing.T) {
		inAccount(t, func(a *account) {
			ctx, cancel := context.WithCancel(a.ctx)
			a.ctx = ctx
			a.server.Notify(func(call string) {
				if call == "put-content" {
					cancel()
				}
			})
			a.check(1)
			if a.server.Count("github", "DELETE", "/repos/octo/running/git/refs/heads/") != 1 {
				t.Errorf("the branch was not deleted\n%s", a.server.Journal())
			}
		})
	})
}

// TestNothingSecretOfAnAnswerIsShown: services may send back what they were sent.
func TestNothingSecretOfAnAnswerIsShown(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"client-secret", "refresh#1", "secrets-token", "built-in-token"} {
		t.Run(secret, func(t *testing.T) {
			inAccount(t, func(a *account) {
				value := a.server.Values()[secret]
				spaced := value[:9] + " " + value[9:]
				refusal := `{"message":"` + spaced + `","errors":[{"resource":"` + value + `","field":"` + value + `","code":"x"}]}`
				leak := func(call, path string, kind sandbox.FaultKind, skip int, body string) {
					a.server.Fail(sandbox.Fault{Call: call, Path: path, Kind: kind, Skip: skip, Status: 418, Body: body, Header: map[string]string{
						"Location": "/" + value, "X-Accepted-GitHub-Permissions": spaced, "Github-Authentication-Token-Expiration": spaced,
					}})
				}
				leak("token", "", sandbox.FaultStatus, 2, refusal)
				leak("authorize", "", sandbox.FaultStatus, 0, refusal)
				leak("try-write", repositorySecrets, sandbox.FaultStatus, 0, refusal)
				leak("try-delete", repositorySecrets, sandbox.FaultHeader, 0, "")
				leak("repository", "", sandbox.FaultHeader, 0, "")
				leak("blob", "", sandbox.FaultStatus, 0, refusal)
				leak("delete-ref", "", sandbox.FaultStatus, 0, refusal)
				a.server.Fail(sandbox.Fault{
					Call: "commit", Kind: sandbox.FaultBody, Status: 201,
					Body: `{"sha":"1","verification":{"verified":true,"reason":"` + spaced + `"}}`,
				})
				withheld := 0
				for _, r := range a.check(1) {
					if strings.Contains(r.seen, "withheld") {
						withheld++
					}
				}
				if withheld < 10 {
					t.Errorf("%d rows withheld, want most", withheld)
				}
			})
		})
	}
}
