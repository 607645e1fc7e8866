package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/crypto/nacl/box"
)

// secretWrite is the body of a secret's PUT. GitHub tells a missing field from
// an empty one.
type secretWrite struct {
	EncryptedValue *string `json:"encrypted_value"`
	KeyID          *string `json:"key_id"`
	Visibility     *string `json:"visibility"`
	Selected       []int64 `json:"selected_repository_ids"`
}

// namesNoValue tells an attempt from a write.
func namesNoValue(body []byte) bool {
	var w secretWrite
	return json.Unmarshal(body, &w) == nil && w.EncryptedValue == nil
}

var secretName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`) })

func (s *Server) putSecret(r *http.Request, p *place) answer {
	var w secretWrite
	if json.NewDecoder(r.Body).Decode(&w) != nil {
		return githubRefusal(400, "Problems parsing JSON")
	}
	switch {
	case w.EncryptedValue == nil:
		a := githubRefusal(422, "Invalid request.\n\n\"encrypted_value\" wasn't supplied.")
		a.detail = "(no value)"
		return a
	case w.KeyID == nil:
		return githubRefusal(422, "Invalid request.\n\n\"key_id\" wasn't supplied.")
	case *w.KeyID != p.keyID:
		return githubRefusal(422, "Invalid key_id")
	case p.kind == "organization_secrets" && w.Visibility == nil:
		return githubRefusal(422, "Invalid request.\n\n\"visibility\" wasn't supplied.")
	}
	sealed, err := base64.StdEncoding.DecodeString(*w.EncryptedValue)
	if err != nil {
		return githubRefusal(422, "Invalid encrypted_value")
	}
	value, ok := box.OpenAnonymous(nil, sealed, p.public, p.private)
	if !ok {
		return githubRefusal(422, "Invalid encrypted_value")
	}
	name := strings.ToUpper(r.PathValue("name"))
	if !secretName().MatchString(name) || strings.HasPrefix(name, "GITHUB_") {
		return githubRefusal(422, "Invalid secret name")
	}
	stored, existed := p.secrets[name]
	if !existed {
		stored = &storedSecret{created: s.now()}
		p.secrets[name] = stored
	}
	stored.value, stored.updated = string(value), s.now()
	if w.Visibility != nil {
		stored.visibility, stored.selected = *w.Visibility, w.Selected
	}
	a := answer{status: http.StatusNoContent, header: map[string]string{}}
	if !existed {
		a = jsonAnswer(http.StatusCreated, "{}")
	}
	a.effect = s.journal.named(string(value), "value")
	return a
}
