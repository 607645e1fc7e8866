package reality

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"strava-token/internal/store"
)

// object is a body, or an object in one.
type object map[string]any

// ask sends a request about the repository, once, except for a DELETE: that may be
// repeated without harm.
func (w *world) ask(ctx context.Context, g given, method, path string, body object) answer {
	client, text := w.Network.Once, []byte(nil)
	if method == http.MethodDelete {
		client = w.Network.Reads
	}
	if body != nil {
		text, _ = json.Marshal(body) // only texts
	}
	address := strings.TrimSuffix(w.Inputs.GitHubURL.String(), "/") + "/repos/" + w.Inputs.Repository + path
	return send(ctx, client, method, address, http.Header{
		"Authorization": {"Bearer " + w.tokens[g].Reveal()}, "Accept": {"application/vnd.github+json"}, "User-Agent": {"strava-token"},
	}, string(text))
}

// attempt is a request that changes nothing.
type attempt func(context.Context, *world, given) answer

// tried wants a status; 403 is a refusal for want of a permission, which names it. A
// token that should be refused, and isn't, is the wrong one unless it's refused
// something else that needs the same permission.
func tried(try attempt, status int, named string) check {
	return func(ctx context.Context, w *world, g given) finding {
		a := try(ctx, w, g)
		lacks, shall := a.lacksPermission(), status == http.StatusForbidden
		if lacks && !shall || !lacks && shall && (named != "" || !control[g](ctx, w, g).lacksPermission()) {
			return untold(a.says() + "; give " + string(g))
		}
		if named != "" {
			names := a.header.Get("X-Accepted-GitHub-Permissions")
			return told(strings.Contains(names, named), "named: "+names)
		}
		return a.judge(lacks || a.status == status)
	}
}

// control is what each token may not do in any case.
var control = map[given]attempt{
	// Reading the key takes the permission Secrets, even if only to read.
	contentsToken: func(ctx context.Context, w *world, g given) answer {
		return w.ask(ctx, g, http.MethodGet, "/actions/secrets/public-key", nil)
	},
	// This makes no branch, since there's no such commit.
	secretsToken: func(ctx context.Context, w *world, g given) answer {
		return w.ask(ctx, g, http.MethodPost, "/git/refs", object{"ref": "refs/heads/" + branchName(), "sha": neverIssued})
	},
}

// createBlob creates a blob that nothing refers to.
func createBlob(ctx context.Context, w *world, g given) answer {
	return w.ask(ctx, g, http.MethodPost, "/git/blobs", object{"content": "strava-token reality\n", "encoding": "utf-8"})
}

// randomName returns a name that nothing has: 80 random bits.
func randomName() string { return rand.Text()[:16] }

func impossibleSecret() string { return "/actions/secrets/STRAVA_TOKEN_REALITY_" + randomName() }

func deleteSecret(ctx context.Context, w *world, g given) answer {
	return w.ask(ctx, g, http.MethodDelete, impossibleSecret(), nil)
}

// putNothing names no value and no key. If GitHub creates a secret from that, it's deleted.
func putNothing(ctx context.Context, w *world, g given) answer {
	path := impossibleSecret()
	a := w.ask(ctx, g, http.MethodPut, path, object{})
	if a.status != 0 && !a.succeeded() {
		return a
	}
	if undone := w.ask(context.WithoutCancel(ctx), g, http.MethodDelete, path, nil); !undone.succeeded() && undone.status != http.StatusNotFound {
		a.note = "; delete what may be left of " + path
	}
	return a
}

// environmentSecrets believes that the address is wrong only if the environment exists.
func environmentSecrets(ctx context.Context, w *world, g given) finding {
	i := slices.IndexFunc(w.Inputs.Targets, func(t store.Target) bool {
		return t.Environment != "" && strings.EqualFold(t.Repository(), w.Inputs.Repository)
	})
	if i < 0 {
		return untold("give --rotate-to NAME@ENVIRONMENT")
	}
	name := w.Inputs.Targets[i].Environment
	a := w.ask(ctx, g, http.MethodGet, "/environments/"+url.PathEscape(name)+"/secrets/public-key", nil)
	var list struct{ Environments []struct{ Name string } }
	w.ask(ctx, g, http.MethodGet, "/environments?per_page=100", nil).read(&list)
	exists := slices.ContainsFunc(list.Environments, func(e struct{ Name string }) bool { return strings.EqualFold(e.Name, name) })
	if a.lacksPermission() || a.status == http.StatusNotFound && !exists {
		return untold(a.says() + "; give an environment that exists, and " + string(g))
	}
	var key struct{ Key []byte } // base64 in JSON
	a.read(&key)
	return a.judge(a.status == http.StatusOK && len(key.Key) == 32)
}

// tokenExpiry reads the header as go-github does.
func tokenExpiry(_ context.Context, w *world, g given) finding {
	text := w.works[g].header.Get("GitHub-Authentication-Token-Expiration")
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
