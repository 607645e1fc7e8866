package reality

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"strava-token/internal/store"
)

// request is one about the repository. In its path "?" is a name that nothing has.
type request struct {
	method, path string
	body         object // nil: none
}

type object map[string]any

const impossibleSecret = "/actions/secrets/STRAVA_TOKEN_REALITY_?"

// These change nothing, except that createBlob creates a blob that nothing refers to.
var (
	deleteSecret = request{http.MethodDelete, impossibleSecret, nil}
	putNothing   = request{http.MethodPut, impossibleSecret, object{}} // no value and no key
	createBlob   = request{http.MethodPost, "/git/blobs", object{"content": "strava-token reality\n", "encoding": "utf-8"}}
	// control is what each token may not do in any case.
	control = map[given]request{
		contentsToken: {http.MethodGet, "/actions/secrets/public-key", nil},
		// There's no such commit, so no branch is made.
		secretsToken: {http.MethodPost, "/git/refs", object{"ref": "refs/heads/strava-token-reality", "sha": neverIssued}},
	}
)

// named puts 80 random bits for each "?".
func named(name string) string { return strings.ReplaceAll(name, "?", rand.Text()[:16]) }

// ask sends a request once, except for a DELETE: that may be repeated without harm.
func (w *world) ask(ctx context.Context, g given, r request) answer {
	client, text := w.Network.Once, []byte(nil)
	if r.method == http.MethodDelete {
		client = w.Network.Reads
	}
	if r.body != nil {
		text, _ = json.Marshal(r.body) // only texts
	}
	address := strings.TrimSuffix(w.Inputs.GitHubURL.String(), "/") + "/repos/" + w.Inputs.Repository + r.path
	return send(ctx, client, r.method, address, http.Header{
		"Authorization": {"Bearer " + w.tokens[g].Reveal()}, "Accept": {"application/vnd.github+json"}, "User-Agent": {"strava-token"},
	}, string(text))
}

// tried wants a status; 403 is a refusal for want of a permission, which names it. A
// token that should be refused, and isn't, is the wrong one unless it's refused
// something else that needs the same permission. If GitHub creates a secret from
// nothing, it's deleted.
func tried(r request, status int, permission string) check {
	return func(ctx context.Context, w *world, g given) finding {
		r := request{r.method, named(r.path), r.body}
		a := w.ask(ctx, g, r)
		if r.method == http.MethodPut && (a.status == 0 || a.succeeded()) {
			undone := w.ask(context.WithoutCancel(ctx), g, request{http.MethodDelete, r.path, nil})
			if !undone.succeeded() && undone.status != http.StatusNotFound {
				a.message += "; delete what may be left of " + r.path
			}
		}
		lacks, shall := a.lacksPermission(), status == http.StatusForbidden
		if lacks && !shall || !lacks && shall && (permission != "" || !w.ask(ctx, g, control[g]).lacksPermission()) {
			return untold(a.says() + "; give " + string(g))
		}
		if permission != "" {
			names := a.header.Get("X-Accepted-GitHub-Permissions")
			return told(strings.Contains(names, permission), "named: "+names)
		}
		return a.judge(lacks || a.status == status)
	}
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
	a := w.ask(ctx, g, request{http.MethodGet, "/environments/" + url.PathEscape(name) + "/secrets/public-key", nil})
	var list struct{ Environments []struct{ Name string } }
	w.ask(ctx, g, request{http.MethodGet, "/environments?per_page=100", nil}).read(&list)
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
	_, noName := time.Parse("2006-01-02 15:04:05 MST", text)
	_, noOffset := time.Parse("2006-01-02 15:04:05 -0700", text)
	return told(noName == nil || noOffset == nil, text)
}

// What follows is the short life of a branch: what package store does with one. Each row
// takes what the one before made.

const (
	trialFile    = "reality.txt"
	trialMessage = "Check what GitHub does\n\n[skip ci]"
)

var skipped = untold("what comes before it failed")

// commitIsSigned makes a commit that nothing refers to. GitHub signs what the built-in
// token or an App commits.
func commitIsSigned(ctx context.Context, w *world, g given) finding {
	var tree struct {
		SHA  string
		Tree []struct{ SHA string }
	}
	file := object{"path": trialFile, "mode": "100644", "type": "blob", "content": "1\n"}
	w.ask(ctx, g, request{http.MethodPost, "/git/trees", object{"tree": []object{file}}}).read(&tree)
	if tree.SHA == "" || len(tree.Tree) == 0 {
		return skipped
	}
	var commit struct {
		SHA          string
		Verification struct {
			Verified *bool
			Reason   string
		}
	}
	a := w.ask(ctx, g, request{http.MethodPost, "/git/commits", object{"message": trialMessage, "tree": tree.SHA}})
	a.read(&commit)
	w.commit, w.file = commit.SHA, tree.Tree[0].SHA
	verified := commit.Verification.Verified
	if a.status != http.StatusCreated || verified == nil {
		return a.judge(false)
	}
	signs := strings.HasPrefix(w.tokens[g].Reveal(), "ghs_")
	return told(*verified || !signs, fmt.Sprintf("verified: %t, reason: %s", *verified, commit.Verification.Reason))
}

func branchBegins(ctx context.Context, w *world, g given) finding {
	if w.commit == "" {
		return skipped
	}
	w.branch = strings.ToLower(named("strava-token-reality-?"))
	ref := "refs/heads/" + w.branch
	a := w.ask(ctx, g, request{http.MethodPost, "/git/refs", object{"ref": ref, "sha": w.commit}})
	var made struct {
		Ref    string
		Object struct{ SHA string }
	}
	a.read(&made)
	w.goesOn = a.succeeded()
	return a.judge(a.status == http.StatusCreated && made.Ref == ref && made.Object.SHA == w.commit)
}

// replaces writes the branch's file in place of the first one, and wants a status.
func replaces(text string, status int) check {
	return func(ctx context.Context, w *world, g given) finding {
		if !w.goesOn {
			return skipped
		}
		a := w.ask(ctx, g, request{http.MethodPut, "/contents/" + trialFile, object{
			"message": trialMessage, "branch": w.branch, "sha": w.file, "content": base64.StdEncoding.EncodeToString([]byte(text)),
		}})
		w.goesOn = a.succeeded()
		return a.judge(a.status == status)
	}
}

// branchIsGone deletes the branch, also if the answer to its making was lost.
func branchIsGone(ctx context.Context, w *world, g given) finding {
	if w.branch == "" {
		return untold("no branch was made")
	}
	ctx = context.WithoutCancel(ctx)
	a := w.ask(ctx, g, request{http.MethodDelete, "/git/refs/heads/" + w.branch, nil})
	if a.succeeded() || w.ask(ctx, g, request{http.MethodGet, "/branches/" + w.branch, nil}).status == http.StatusNotFound {
		return told(true, "deleted")
	}
	return told(false, "delete the branch "+w.branch+" by hand: "+a.says())
}
