package reality

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"strava-token/internal/strava"
)

const (
	// neverIssued looks like a token, a code, a client secret and a commit. A refresh
	// token that was replaced isn't sent: some services take that for theft, and end
	// the grant.
	neverIssued = "0123456789012345678901234567890123456789"
	noClientID  = "2147483647" // far above those of today

	renewal = time.Hour // what must be left for a token to come back
)

func nothing(*world) string { return "" }

// app needs valid credentials; a refresh proves them.
func app(w *world) string {
	if len(w.outcomes) == 0 {
		return "give credentials that a refresh succeeds with"
	}
	return ""
}

// refresh does two runs. Each checks the targets before it spends the refresh token,
// and keeps the new one.
func (w *world) refresh(ctx context.Context) error {
	for range 2 {
		run := w.Inputs.Run(w.Network, w.Reporter, false)
		if len(w.outcomes) > 0 && run.Readable == nil { // a readable target has the newest one itself
			run.Input = w.outcomes[0].Token.RefreshToken
		}
		o := w.Do(ctx, run)
		if err := o.Err(); err != nil {
			return err
		}
		w.outcomes = append(w.outcomes, o)
	}
	return nil
}

func sameAccessToken(_ context.Context, w *world) finding {
	if len(w.outcomes) < 2 {
		return untold("the second refresh failed")
	}
	first, second := w.outcomes[0].Token, w.outcomes[1].Token
	if first.ExpiresIn <= renewal {
		return untold(fmt.Sprintf("the first refresh left %s only", first.ExpiresIn))
	}
	same := first.AccessToken.Equal(second.AccessToken)
	return told(same, fmt.Sprintf("the same: %t, %s left before and %s after", same, first.ExpiresIn, second.ExpiresIn))
}

func sameRefreshToken(_ context.Context, w *world) finding {
	seen, same := []string{}, true
	for i, o := range w.outcomes {
		seen = append(seen, fmt.Sprintf("refresh %d replaced it: %t", i+1, o.Rotated))
		same = same && !o.Rotated
	}
	return told(same, strings.Join(seen, ", "))
}

// refused wants a status and a fault from a token request that can't succeed. changes
// are its fields, in pairs.
func refused(status int, fault string, changes ...string) check {
	return func(ctx context.Context, w *world) finding {
		form := url.Values{
			"client_id": {w.Inputs.ClientID}, "client_secret": {w.Inputs.ClientSecret.Reveal()},
			"grant_type": {"refresh_token"}, "refresh_token": {neverIssued},
		}
		for i := 0; i < len(changes); i += 2 {
			form.Set(changes[i], changes[i+1])
		}
		req, err := http.NewRequest(http.MethodPost, w.Inputs.StravaURL.JoinPath("/oauth/token").String(), strings.NewReader(form.Encode()))
		if err != nil {
			return untold("no request could be made")
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a := send(ctx, w.Network.Once, req)
		return a.judge(a.refuses(status, fault))
	}
}

const (
	localhost      = "http://localhost/"
	refusedAddress = "Application/redirect_uri/invalid"
)

// authorize opens, without a login, the page on which an athlete would be asked.
func (w *world) authorize(ctx context.Context, redirect string, hidden bool) answer {
	link := w.Inputs.Strava(w.Network).AuthorizeURL(redirect, []string{"read"}, "", false)
	if hidden {
		link = strava.HideID(link, w.Inputs.ClientID)
	}
	req, err := http.NewRequest(http.MethodGet, link, nil)
	if err != nil {
		return answer{}
	}
	return send(ctx, w.Network.Once, req)
}

func leadsToLogin(redirect string, hidden bool) check {
	return func(ctx context.Context, w *world) finding {
		a := w.authorize(ctx, redirect, hidden)
		if a.refuses(http.StatusBadRequest, refusedAddress) && redirect != localhost {
			return untold("give the app the Authorization Callback Domain github.com")
		}
		return a.judge(a.status == http.StatusFound && strings.TrimPrefix(a.page(), w.Inputs.StravaURL.Host) == "/login")
	}
}

func addressRefused(ctx context.Context, w *world) finding {
	a := w.authorize(ctx, "https://strava-token.invalid/", false)
	return a.judge(a.refuses(http.StatusBadRequest, refusedAddress))
}
