package words_test

import (
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/words"
)

// TestSeen holds what people paste for a token, which is T here.
func TestSeen(t *testing.T) {
	token := strings.Repeat("0123456789", 4)
	for pasted, want := range map[string]words.Sentence{
		"T": "", "T,": "log-seen-around", "NAME=T": "log-seen-around", "refresh_token=r'T'": "log-seen-around",
		"T%":                                 "log-seen-around",
		`{"expires_in":21600,"refresh":"T"}`: "log-seen-around", token[:39]: "log-seen-length", "TT": "log-seen-length",
		token[:8] + "****" + token[:8]: "log-seen-hidden", "another-form-of-token": "",
	} {
		check.Equal(t, words.Seen(strings.ReplaceAll(pasted, "T", token)), want, "%s", pasted)
	}
}
