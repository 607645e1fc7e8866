package sandbox

import (
	"encoding/json"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// maxWork is the most stretching that a sealed text may ask for.
const maxWork = 10

// open returns the refresh token that is sealed in a text under the app's client
// secret, with nothing but the age library: whoever wrote the text has no part
// in reading it here.
func (s *Server) open(text string) (refresh string, ok bool) {
	_, armored, found := strings.Cut(text, armor.Header)
	if !found {
		return "", false
	}
	identity, err := age.NewScryptIdentity(s.strava.app.Secret)
	if err != nil {
		return "", false
	}
	identity.SetMaxWorkFactor(maxWork)
	box, err := age.Decrypt(armor.NewReader(strings.NewReader(armor.Header+armored)), identity)
	if err != nil {
		return "", false
	}
	var content struct {
		RefreshToken string `json:"refresh_token"`
	}
	plain, err := io.ReadAll(io.LimitReader(box, maxRequest))
	if err != nil || json.Unmarshal(plain, &content) != nil {
		return "", false
	}
	return content.RefreshToken, true
}

// Opened returns the refresh token that is sealed in a text, such as a file of a
// branch, or "".
func (s *Server) Opened(text string) string {
	refresh, _ := s.open(text)
	return refresh
}

// Held returns the refresh token that the only file of a branch keeps, or "".
func (s *Server) Held(branch string) string {
	s.mu.Lock()
	text := ""
	if b := s.git.branches[branch]; b != nil {
		for _, blob := range b.files {
			text = s.git.blobs[blob]
		}
	}
	s.mu.Unlock()
	return s.Opened(text)
}
