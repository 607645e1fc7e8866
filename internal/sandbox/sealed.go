package sandbox

import (
	"encoding/json"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// maxWork is the highest work factor that a sealed text may ask for.
const maxWork = 10

// Opened returns the refresh token that is sealed in a text under the app's client
// secret, such as a file of a branch, or "". It uses only the age library, and no code
// of the program that wrote the text.
func (s *Server) Opened(text string) string {
	identity, err := age.NewScryptIdentity(s.strava.app.Secret)
	if err != nil {
		return ""
	}
	identity.SetMaxWorkFactor(maxWork)
	_, armored, _ := strings.Cut(text, armor.Header)
	box, err := age.Decrypt(armor.NewReader(strings.NewReader(armor.Header+armored)), identity)
	if err != nil {
		return ""
	}
	var content struct {
		RefreshToken string `json:"refresh_token"`
	}
	plain, err := io.ReadAll(io.LimitReader(box, maxRequest))
	if err != nil || json.Unmarshal(plain, &content) != nil {
		return ""
	}
	return content.RefreshToken
}

// Held returns the refresh token in the only file of a branch, or "".
func (s *Server) Held(branch string) string {
	text := ""
	s.edit(func() {
		for _, file := range s.git.branches[branch].files {
			text = file
		}
	})
	return s.Opened(text)
}
