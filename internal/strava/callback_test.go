package strava_test

import (
	"errors"
	"net/url"
	"slices"
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
		{"null", nil, strava.ErrNoCode},
		{"hello", nil, strava.ErrNoCode},
		{"", nil, strava.ErrNoCode},
		{"two words of it", nil, strava.ErrNoCode},
	} {
		grant, err := strava.ParsePasted(tt.text, state)
		if !errors.Is(err, tt.want) {
			t.Errorf("ParsePasted(%q): got %v, want %v", tt.text, err, tt.want)
			continue
		}
		if err != nil {
			check.That(t, grant.Code.Empty(), "ParsePasted(%q): a code in spite of an error", tt.text)
			continue
		}
		if stateless := !strings.Contains(strings.ReplaceAll(tt.text, "%3D", "="), "state="+state); grant.Stateless != stateless {
			t.Errorf("ParsePasted(%q): stateless %t", tt.text, grant.Stateless)
		}
		check.That(t, grant.Code.Reveal() == code, "ParsePasted(%q): another code", tt.text)
		check.Same(t, grant.Scopes, tt.scopes, "ParsePasted(%q), scopes", tt.text)
	}
}

func TestDenialNeedsTheRightStateToo(t *testing.T) {
	_, err := strava.ParsePasted("http://localhost/token?state="+state+"&error=access_denied", state)
	check.That(t, errors.Is(err, strava.ErrDenied), "got %v, want %v", err, strava.ErrDenied)
	_, err = strava.ParsePasted("http://localhost/token?state=x&error=access_denied", state)
	check.That(t, errors.Is(err, strava.ErrWrongState), "got %v, want %v", err, strava.ErrWrongState)
}

func TestMissing(t *testing.T) {
	asked := []string{"read", "activity:read_all"}
	for _, tt := range []struct {
		granted []string
		want    []string
	}{
		{[]string{"read", "activity:read_all"}, nil},
		{[]string{"read"}, []string{"activity:read_all"}},
		{[]string{}, []string{"activity:read_all"}},
		{[]string{"read", "activity:read"}, []string{"activity:read_all"}},
		{nil, nil}, // a bare code does not say
	} {
		got := strava.Grant{Scopes: tt.granted}.Missing(asked)
		check.That(t, slices.Equal(got, tt.want), "Missing of %v: got %v, want %v", tt.granted, got, tt.want)
	}
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
		if err == nil && secret.Inspect(grant.Code.Reveal()) != "" {
			t.Errorf("ParseCallback(%q) handed on the code %q", query, grant.Code.Reveal())
		}
		pasted, err := strava.ParsePasted(query, state)
		if err == nil && secret.Inspect(pasted.Code.Reveal()) != "" {
			t.Errorf("ParsePasted(%q) handed on the code %q", query, pasted.Code.Reveal())
		}
	})
}
