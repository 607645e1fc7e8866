package strava_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/secret"
	"strava-token/internal/strava"
)

const (
	state = "0123456789abcdef0123456789abcdef"
	code  = "89abcdef0123456789abcdef0123456789abcdef"
)

func TestParsePasted(t *testing.T) {
	for _, tt := range []struct {
		text   string
		scopes []string
		want   error
	}{
		{"http://localhost:8000/token?state=" + state + "&code=" + code + "&scope=read,activity:read_all", []string{"read", "activity:read_all"}, nil},
		{"  <http://localhost/token?state=" + state + "&code=" + code + "&scope=read>  ", []string{"read"}, nil},
		{"localhost/token?state=" + state + "&code=" + code + "#_=_", nil, nil},
		{code, nil, nil},
		{"code=" + code, nil, nil},
		{code + "&scope=read,activity:read", []string{"read", "activity:read"}, nil},
		{"http://localhost/token?state=" + state + "&code=" + code + "&scope=", []string{}, nil},
		{"http://localhost/token?state=&code=" + code + "&scope=read", []string{"read"}, nil}, // of another link
		{"http://localhost/token?code=" + code, nil, nil},
		{"https://github.com/o/r/actions/workflows/strava.yml?state=" + state + "&code=" + code + "&scope=read", []string{"read"}, nil},
		// What happens to an address on its way is undone once.
		{"http%3A%2F%2Flocalhost%2Ftoken%3Fstate%3D" + state + "%26code%3D" + code + "%26scope%3Dread", []string{"read"}, nil},
		{"http://localhost/token?state=" + state + "&amp;code=" + code + "&amp;scope=read", []string{"read"}, nil},
		{"http://localhost/token?state=" + state + "&code=" + code + "&scope=read.", []string{"read"}, nil},
		{"http://localhost/token?state=" + state + "&code=" + code + "&scope=read\u200b", []string{"read"}, nil},
		{"http://localhost/token?state=" + state + "＆code=" + code + "＆scope=read", []string{"read"}, nil},
		{"http://localhost/token?state=" + state + "&code=" + code[:20] + " \n" + code[20:] + "&scope=read", []string{"read"}, nil},
		{"http://localhost/token?state=" + state[:31] + "&code=" + code, nil, strava.ErrWrongState},
		{"http://localhost/token?state=" + state, nil, strava.ErrNoCode},
		{"http://localhost/token?state=" + state + "&code=null", nil, strava.ErrNoCode},
		{"http://localhost/token?state=" + state + "&code=a%0ab", nil, strava.ErrNoCode},
		{"https://www.strava.com/settings/api", nil, strava.ErrNoCode},
		{"state=" + state + "&code=" + code + "&scope=read", []string{"read"}, nil},
		{"code=" + code + "&state=wrong&scope=read", nil, strava.ErrWrongState},
		{"", nil, strava.ErrNoCode},
		{"two words of it", nil, strava.ErrNoCode},
		{"http://localhost/token?state=" + state + "&error=access_denied", nil, strava.ErrDenied},
		{"http://localhost/token?state=x&error=access_denied", nil, strava.ErrWrongState},
		{"http://localhost/token?state=&error=access_denied", nil, strava.ErrNoCode}, // anybody's
	} {
		grant, err := strava.ParsePasted(tt.text, state)
		check.That(t, errors.Is(err, tt.want), "ParsePasted(%q): got %v, want %v", tt.text, err, tt.want)
		stateless := err == nil && !strings.Contains(strings.ReplaceAll(tt.text, "%3D", "="), "state="+state)
		check.Equal(t, grant.Stateless, stateless, "ParsePasted(%q): stateless", tt.text)
		check.That(t, grant.Code.Reveal() == code || err != nil && grant.Code.Empty(), "ParsePasted(%q): another code", tt.text)
		check.Same(t, grant.Scopes, tt.scopes, "ParsePasted(%q), scopes", tt.text)
	}
	grant, err := strava.ParsePasted("?state="+state+"&code="+code, "another", state)
	check.That(t, err == nil && grant.Code.Reveal() == code, "the second state: got %v", err)
}

func TestLacking(t *testing.T) {
	for _, tt := range []struct{ granted, asked, want string }{
		{"read,activity:read_all", "read,activity:read_all,activity:read", ""},
		{"read activity:read", "activity:read_all", "activity:read_all"},
		{"", "read activity:read_all", "activity:read_all"},
		{"read", "profile:read_all read_all", "profile:read_all read_all"},
	} {
		got := fmt.Sprint(strava.Lacking(strava.SplitScopes(tt.asked), strava.SplitScopes(tt.granted), nil))
		check.Equal(t, got, "["+tt.want+"] []", "Lacking of %q", tt.granted)
	}
	check.Equal(t, fmt.Sprint(strava.Lacking([]string{"read", "read_all"}, nil, nil)), "[] [read_all]", "Lacking of a bare code")
}

func TestKeyedStateDependsOnEverything(t *testing.T) {
	key := secret.New("0123456789abcdef0123456789abcdef01234567")
	seen := map[string]bool{}
	for _, s := range []string{
		strava.KeyedState(key, "1", "octo/running", "read"),
		strava.KeyedState(key, "2", "octo/running", "read"),
		strava.KeyedState(key, "1", "octo/other", "read"),
		strava.KeyedState(key, "1", "octo/running", "read_all"),
		strava.KeyedState(key, "1octo/running", "", "read"),
		strava.KeyedState(secret.New("another client secret"), "1", "octo/running", "read"),
		strava.NewState(), strava.NewState(),
	} {
		check.That(t, len(s) == 32 && !seen[s], "state %q: too short, or there twice", s)
		seen[s] = true
	}
	first := strava.KeyedState(key, "1", "octo/running", "read")
	check.Equal(t, strava.KeyedState(key, "1", "octo/running", "read"), first, "the same parts")
}

// FuzzCallback asserts that no address is believed without the right state, and
// that no code is handed on that could break out.
func FuzzCallback(f *testing.F) {
	for _, seed := range []string{
		"state=" + state + "&code=" + code + "&scope=read", "state=&error=access_denied", "code=" + code, "state=" + state,
		"?&;=%zz", "state=" + state + "&code=%0a", "state=" + state + "&state=x&code=" + code,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		grant, err := strava.ParseCallback(values, state)
		check.That(t, err != nil || values.Get("state") == state, "ParseCallback(%q) believed another state", query)
		check.That(t, err != nil || secret.Inspect(grant.Code.Reveal()) == "", "ParseCallback(%q) handed on a code that could break out", query)
		grant, err = strava.ParsePasted(query, state)
		check.That(t, err != nil || secret.Inspect(grant.Code.Reveal()) == "", "ParsePasted(%q) handed on a code that could break out", query)
	})
}
