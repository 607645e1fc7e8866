package reality

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"strava-token/internal/provider"
	"strava-token/internal/strava"
)

// neverIssued looks like a token, a code, a client secret and a commit. A refresh token
// that was replaced isn't sent: some services take that for theft, and end the grant.
const neverIssued = "0123456789012345678901234567890123456789"

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

func sameAccessToken(_ context.Context, w *world, _ given) finding {
	if len(w.outcomes) < 2 {
		return untold("the second refresh failed")
	}
	first, second := w.outcomes[0].Token, w.outcomes[1].Token
	if first.ExpiresIn <= time.Hour {
		return untold(fmt.Sprintf("the first refresh left %s only", first.ExpiresIn))
	}
	same := first.AccessToken.Equal(second.AccessToken)
	return told(same, fmt.Sprintf("the same: %t, %s left before and %s after", same, first.ExpiresIn, second.ExpiresIn))
}

func sameRefreshToken(_ context.Context, w *world, _ given) finding {
	replaced := slices.ContainsFunc(w.outcomes, func(o *provider.Outcome) bool { return o.Rotated })
	return told(!replaced, fmt.Sprintf("replaced in %d refreshes: %t", len(w.outcomes), replaced))
}

// refused wants a status and a fault from a token request that can't succeed. changes
// are its fields, in pairs.
func refused(status int, fault string, changes ...string) check {
	return func(ctx context.Context, w *world, _ given) finding {
		form := url.Values{
			"client_id": {w.Inputs.ClientID}, "client_secret": {w.Inputs.ClientSecret.Reveal()},
			"grant_type": {"refresh_token"}, "refresh_token": {neverIssued},
		}
		for pair := range slices.Chunk(changes, 2) {
			form.Set(pair[0], pair[1])
		}
		address := w.Inputs.StravaURL.JoinPath("/oauth/token").String()
		a := send(ctx, w.Network.Once, http.MethodPost, address, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, form.Encode())
		return a.judge(a.status == status && a.fault == fault)
	}
}

const (
	localhost = "http://localhost/"
	elsewhere = "https://strava-token.invalid/"
)

// authorize opens, without a login, the page on which an athlete would be asked, and
// wants it to lead to the login, or to be refused if the callback is elsewhere. hidden is
// whether the client id is percent-encoded.
func authorize(callback string, hidden bool) check {
	return func(ctx context.Context, w *world, _ given) finding {
		link := w.Inputs.Strava(w.Network).AuthorizeURL(callback, []string{"read"}, "", false)
		if hidden {
			link = strava.HideID(link, w.Inputs.ClientID)
		}
		a := send(ctx, w.Network.Once, http.MethodGet, link, http.Header{}, "")
		switch isRefused := a.status == http.StatusBadRequest && a.fault == "Application/redirect_uri/invalid"; {
		case callback == elsewhere:
			return a.judge(isRefused)
		case isRefused && callback != localhost:
			return untold("give the app the Authorization Callback Domain github.com")
		}
		return a.judge(a.status == http.StatusFound && strings.TrimPrefix(a.page(), strings.TrimSuffix(w.Inputs.StravaURL.String(), "/")) == "/login")
	}
}
