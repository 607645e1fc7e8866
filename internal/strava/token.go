package strava

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"strava-token/internal/secret"
)

// Token is what the token endpoint issued.
type Token struct {
	AccessToken  secret.Value
	RefreshToken secret.Value
	ExpiresAt    time.Time
	ExpiresIn    time.Duration // what was left when Strava answered
	Scope        []string      // nil where the answer named none
	AthleteID    int64         // 0 where the answer named none
	AthleteName  string        // letters and blanks alone; empty where the answer named none
}

// answer is a token answer. A refresh carries no athlete; scope is absent
// before 2026 and separated by spaces since.
type answer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresAt    int64  `json:"expires_at"`
	ExpiresIn    int64  `json:"expires_in"`
	Scope        string `json:"scope"`
	Athlete      *struct {
		ID        int64  `json:"id"`
		FirstName string `json:"firstname"`
		LastName  string `json:"lastname"`
	} `json:"athlete"`
}

const (
	// maxExpected is far above any token answer; a longer one is searched for a
	// refresh token and otherwise not believed.
	maxExpected = 1 << 20
	maxLifetime = 366 * 24 * time.Hour
)

// parse reads a successful token answer. Where it returns false the answer
// cannot be used, and the Token holds nothing but the refresh token that was
// found in it, if any.
func parse(body []byte) (Token, bool) {
	found := Token{RefreshToken: salvage(body)}
	var a answer
	if len(body) > maxExpected || json.Unmarshal(body, &a) != nil {
		return found, false
	}
	lifetime := time.Duration(a.ExpiresIn) * time.Second
	switch {
	case found.RefreshToken.Empty(),
		secret.Inspect(a.AccessToken) != "",
		a.ExpiresAt <= 0, a.ExpiresIn <= 0,
		a.ExpiresIn > int64(maxLifetime/time.Second):
		return found, false
	}
	found.AccessToken = secret.New(a.AccessToken)
	found.ExpiresAt = time.Unix(a.ExpiresAt, 0).UTC()
	found.ExpiresIn = lifetime
	for _, s := range SplitScopes(a.Scope) {
		if !validScope(s) {
			return Token{RefreshToken: found.RefreshToken}, false
		}
		found.Scope = append(found.Scope, s)
	}
	if a.Athlete != nil {
		found.AthleteID = a.Athlete.ID
		found.AthleteName = printable(a.Athlete.FirstName + " " + a.Athlete.LastName)
	}
	return found, true
}

const maxName = 60

// printable leaves of a name what can stand on a terminal and on a page.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || r == ' ' || r == '-' || r == '.' {
			return r
		}
		return -1
	}, name)
	letters := []rune(strings.Join(strings.Fields(name), " "))
	if !strings.ContainsFunc(string(letters), unicode.IsLetter) {
		return ""
	}
	return string(letters[:min(len(letters), maxName)])
}

var refreshField = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`"refresh_token"\s*:\s*"([!#-\[\]-~]+)"`)
})

// salvage finds a refresh token that could be one, in whatever body holds it:
// JSON, JSON that breaks off, or JSON in a page of HTML. Losing it would lock
// its owner out, while keeping one too many harms nobody. Of several the last
// is taken, as JSON does.
func salvage(body []byte) secret.Value {
	var a struct {
		RefreshToken *string `json:"refresh_token"`
	}
	if json.Unmarshal(bytes.TrimSpace(body), &a) == nil && a.RefreshToken != nil {
		if v := usable(*a.RefreshToken); !v.Empty() {
			return v
		}
	}
	matches := refreshField().FindAllSubmatch(body, -1)
	for i := len(matches) - 1; i >= 0; i-- {
		if v := usable(string(matches[i][1])); !v.Empty() {
			return v
		}
	}
	return secret.Value{}
}

func usable(s string) secret.Value {
	if secret.Inspect(s) != "" {
		return secret.Value{}
	}
	return secret.New(s)
}
