package sandbox

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/nacl/box"
)

// place holds secrets: a repository, an environment or an organization.
type place struct {
	name            string // as in rotate-to: owner/repo, owner/repo@environment or org:name
	permission      string // for its secrets
	keyID           string
	public, private *[32]byte
	secrets         map[string]*storedSecret // by their names in upper case
}

type storedSecret struct {
	value            string
	created, updated time.Time
	visibility       string
	selected         []int64
}

func (s *Server) addPlace(name, permission string) {
	public, private, err := box.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // the system's random source is gone
	}
	s.github.places[strings.ToLower(name)] = &place{
		name: name, permission: permission, keyID: fmt.Sprint(568250167242549000 + int64(len(s.github.places))),
		public: public, private: private, secrets: map[string]*storedSecret{},
	}
}

// AddEnvironment creates an environment of the repository.
func (s *Server) AddEnvironment(name string) {
	s.edit(func() { s.addPlace(Repository+"@"+name, "environments") })
}

// AddRepository creates another repository of the same owner.
func (s *Server) AddRepository(name string) {
	s.edit(func() { s.addPlace(Organization+"/"+name, "secrets") })
}

// placeOf returns the place of a target's secret, or nil, and the secret's name.
// GitHub ignores the case of both.
func (s *Server) placeOf(target string) (*place, string) {
	target, environment, inEnvironment := strings.Cut(target, "@")
	where, name := path.Split(target)
	where = cmp.Or(strings.TrimSuffix(where, "/"), Repository)
	if inEnvironment {
		where += "@" + environment
	}
	return s.github.places[strings.ToLower(where)], strings.ToUpper(name)
}

// placeAt returns the place that an address names, or nil.
func (s *Server) placeAt(r *http.Request) *place {
	name := r.PathValue("owner") + "/" + r.PathValue("repo")
	if organization := r.PathValue("org"); organization != "" {
		name = "org:" + organization
	}
	if environment := r.PathValue("environment"); environment != "" {
		name += "@" + environment
	}
	return s.github.places[strings.ToLower(name)]
}

// SetSecret stores a secret, as its owner does in the settings. target is
// written as in rotate-to. An organization's may be for selected repositories only.
func (s *Server) SetSecret(target, value string, selected ...int64) {
	s.edit(func() {
		p, name := s.placeOf(target)
		visibility := map[bool]string{true: "selected", false: "private"}[selected != nil]
		p.secrets[name] = &storedSecret{value: value, created: s.now(), updated: s.now(), visibility: visibility, selected: selected}
	})
}

// stored returns a secret; one that doesn't exist is empty.
func (s *Server) stored(target string) storedSecret {
	return read(s, func() storedSecret {
		if p, name := s.placeOf(target); p != nil && p.secrets[name] != nil {
			return *p.secrets[name]
		}
		return storedSecret{}
	})
}

// Selected returns who may use an organization's secret.
func (s *Server) Selected(target string) (visibility string, ids []int64) {
	return s.stored(target).visibility, s.stored(target).selected
}

// Secret returns the value of a secret. The real GitHub never does.
func (s *Server) Secret(target string) string { return s.stored(target).value }

func (s *Server) publicKey(r *request) answer {
	key := r.place.public[:]
	if s.knobs.ShortKey {
		key = key[:31]
	}
	return jsonAnswer(200, fmt.Sprintf(`{"key_id":%q,"key":%q}`, r.place.keyID, base64.StdEncoding.EncodeToString(key)))
}

// secret returns the name of the secret in the address, and the secret or nil.
func (r *request) secret() (name string, stored *storedSecret) {
	name = strings.ToUpper(r.PathValue("name"))
	return name, r.place.secrets[name]
}

func (s *Server) getSecret(r *request) answer {
	name, stored := r.secret()
	if stored == nil {
		return githubRefusal(404, "Not Found")
	}
	visibility := ""
	if r.PathValue("org") != "" {
		visibility = fmt.Sprintf(`,"visibility":%q`, stored.visibility)
	}
	return jsonAnswer(200, fmt.Sprintf(`{"name":%q,"created_at":%q,"updated_at":%q%s}`,
		name, timestamp(stored.created), timestamp(stored.updated), visibility))
}

func (s *Server) deleteSecret(r *request) answer {
	name, stored := r.secret()
	if stored == nil {
		return githubRefusal(404, "Not Found")
	}
	delete(r.place.secrets, name)
	return empty(http.StatusNoContent)
}

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

func (s *Server) putSecret(r *request) answer {
	p, w := r.place, r.sent
	switch {
	case w.EncryptedValue == nil:
		a := githubRefusal(422, "Invalid request.\n\n\"encrypted_value\" wasn't supplied.")
		a.detail = "(no value)"
		return a
	case w.KeyID == nil:
		return githubRefusal(422, "Invalid request.\n\n\"key_id\" wasn't supplied.")
	case *w.KeyID != p.keyID:
		return githubRefusal(422, "Invalid key_id")
	case r.PathValue("org") != "" && w.Visibility == nil:
		return githubRefusal(422, "Invalid request.\n\n\"visibility\" wasn't supplied.")
	}
	sealed, err := base64.StdEncoding.DecodeString(*w.EncryptedValue)
	value, ok := box.OpenAnonymous(nil, sealed, p.public, p.private)
	if err != nil || !ok {
		return githubRefusal(422, "Invalid encrypted_value")
	}
	name, stored := r.secret()
	if !regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`).MatchString(name) || strings.HasPrefix(name, "GITHUB_") {
		return githubRefusal(422, "Invalid secret name")
	}
	a := empty(http.StatusNoContent)
	if stored == nil {
		a = jsonAnswer(http.StatusCreated, "{}")
		stored = &storedSecret{created: s.now()}
		p.secrets[name] = stored
	}
	stored.value, stored.updated = string(value), s.now()
	if w.Visibility != nil {
		stored.visibility, stored.selected = *w.Visibility, w.Selected
	}
	a.effect = s.journal.named(string(value), "value")
	return a
}

func (s *Server) selectedRepositories(r *request) answer {
	_, stored := r.secret()
	if stored == nil || stored.visibility != "selected" {
		return githubRefusal(404, "Not Found")
	}
	const perPage = 2 // small, so that clients must page
	page, _ := strconv.Atoi(r.Form.Get("page"))
	from := min(max(page-1, 0)*perPage, len(stored.selected))
	to := min(from+perPage, len(stored.selected))
	var repos []string
	for _, id := range stored.selected[from:to] {
		repos = append(repos, string(shortRepository(id)))
	}
	a := jsonAnswer(200, fmt.Sprintf(`{"total_count":%d,"repositories":[%s]}`, len(stored.selected), strings.Join(repos, ",")))
	if to < len(stored.selected) {
		a.header["Link"] = fmt.Sprintf(`<http://%s%s?page=%d>; rel="next"`, r.Host, r.URL.EscapedPath(), max(page, 1)+1)
	}
	return a
}
