package reality

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"strava-token/internal/secret"
	"strava-token/internal/store"
)

func secretsToken(w *world) string {
	if w.bySecrets.status == http.StatusOK {
		return ""
	}
	return "--repo OWNER/REPO and GH_TOKEN, a personal access token with Secrets and Environments: write, Actions: read, and without Contents"
}

func contentsToken(w *world) string {
	if w.byContents.status == http.StatusOK {
		return ""
	}
	return "--repo OWNER/REPO and " + ContentsToken + ", a token with contents: write and without secrets, such as the built-in one"
}

func bothTokens(w *world) string {
	if missing := secretsToken(w); missing != "" {
		return missing
	}
	return contentsToken(w)
}

// ask sends a request about the repository, once.
func (w *world) ask(ctx context.Context, token secret.Value, method, path string, body any) answer {
	return w.askOver(ctx, w.Network.Once, token, method, path, body)
}

// undo takes something back, whatever happened to ctx meanwhile, and tries again.
func (w *world) undo(ctx context.Context, token secret.Value, path string) answer {
	return w.askOver(context.WithoutCancel(ctx), w.Network.Reads, token, http.MethodDelete, path, nil)
}

func (w *world) askOver(ctx context.Context, client *http.Client, token secret.Value, method, path string, body any) answer {
	if token.Empty() {
		return answer{}
	}
	text := []byte(nil)
	if body != nil {
		text, _ = json.Marshal(body) // texts alone
	}
	address := strings.TrimSuffix(w.Inputs.GitHubURL.String(), "/") + "/repos/" + w.Inputs.Repository + path
	req, err := http.NewRequest(method, address, bytes.NewReader(text))
	if err != nil {
		return answer{}
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("User-Agent", "strava-token")
	return send(ctx, client, req)
}

// randomName is one that nothing has: 80 random bits.
func randomName() string { return rand.Text()[:16] }

// attempt sends what can't change anything to a secret that doesn't exist. If GitHub
// made one even so, it's deleted.
func (w *world) attempt(ctx context.Context, token secret.Value, method string) answer {
	path := "/actions/secrets/STRAVA_TOKEN_REALITY_" + randomName()
	var body any
	if method == http.MethodPut {
		body = struct{}{} // no value, and no key
	}
	a := w.ask(ctx, token, method, path, body)
	if method == http.MethodPut && (a.succeeded() || a.status == 0) && !w.undo(ctx, token, path).is(http.StatusNoContent, http.StatusNotFound) {
		a.note = "and it may be left: delete " + path
	}
	return a
}

// seesSecrets reports whether a token may have the permission Secrets, if only to read.
func (w *world) seesSecrets(ctx context.Context, token secret.Value) bool {
	return !w.ask(ctx, token, http.MethodGet, "/actions/secrets/public-key", nil).lacksPermission()
}

func bySecretsToken(method string, want int) check {
	return func(ctx context.Context, w *world) finding {
		a := w.attempt(ctx, w.Inputs.GitHubToken, method)
		if a.lacksPermission() {
			return untold(a.says() + "; give GH_TOKEN Secrets: read and write")
		}
		return a.judge(a.status == want)
	}
}

func byContentsToken(method string) check {
	return func(ctx context.Context, w *world) finding {
		a := w.attempt(ctx, w.Contents, method)
		if !a.lacksPermission() && w.seesSecrets(ctx, w.Contents) {
			return untold(a.says() + "; give " + ContentsToken + " no permission for secrets")
		}
		return a.judge(a.lacksPermission())
	}
}

func environmentSecrets(ctx context.Context, w *world) finding {
	i := slices.IndexFunc(w.Inputs.Targets, func(t store.Target) bool {
		return t.Environment != "" && strings.EqualFold(t.Repository(), w.Inputs.Repository)
	})
	if i < 0 {
		return untold("give --rotate-to NAME@ENVIRONMENT")
	}
	name := w.Inputs.Targets[i].Environment
	a := w.ask(ctx, w.Inputs.GitHubToken, http.MethodGet, "/environments/"+url.PathEscape(name)+"/secrets/public-key", nil)
	if a.is(http.StatusForbidden, http.StatusNotFound) {
		var list struct{ Environments []struct{ Name string } }
		w.ask(ctx, w.Inputs.GitHubToken, http.MethodGet, "/environments?per_page=100", nil).read(&list)
		exists := slices.ContainsFunc(list.Environments, func(e struct{ Name string }) bool { return strings.EqualFold(e.Name, name) })
		if !exists || a.status == http.StatusForbidden {
			return untold(a.says() + "; give an environment that exists, and GH_TOKEN Environments: write and Actions: read")
		}
	}
	var key struct{ Key string }
	a.read(&key)
	raw, _ := base64.StdEncoding.DecodeString(key.Key)
	return a.judge(a.status == http.StatusOK && len(raw) == 32)
}

// tokenExpiry reads the header as go-github does.
func tokenExpiry(_ context.Context, w *world) finding {
	text := w.bySecrets.header.Get("GitHub-Authentication-Token-Expiration")
	if text == "" {
		return untold("no header; give a GH_TOKEN that ends")
	}
	for _, layout := range []string{"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700"} {
		if ends, err := time.Parse(layout, text); err == nil {
			return told(true, "it ends on "+ends.Format(time.DateOnly))
		}
	}
	return told(false, "not a time: "+text)
}

func permissionNamed(ctx context.Context, w *world) finding {
	secrets, blob := w.attempt(ctx, w.Contents, http.MethodDelete), w.createBlob(ctx, w.Inputs.GitHubToken)
	if !secrets.lacksPermission() || !blob.lacksPermission() {
		return untold("neither token may have the permission of the other: " + secrets.says() + ", " + blob.says())
	}
	const header = "X-Accepted-GitHub-Permissions"
	one, two := secrets.header.Get(header), blob.header.Get(header)
	return told(strings.Contains(one, "secrets=write") && strings.Contains(two, "contents=write"), "named: "+one+", "+two)
}
