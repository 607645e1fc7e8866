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
	name            string // owner, owner/repo or owner/repo@environment
	permission      string // for its secrets
	keyID           string
	public, private *[32]byte
	secrets         map[string]storedSecret // by their names in upper case
}

// storedSecret is a secret; one that doesn't exist is empty.
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
		public: public, private: private, secrets: map[string]storedSecret{},
	}
}

// AddEnvironment creates an environment of the repository, and AddRepository another
// repository of the same owner.
func (s *Server) AddEnvironment(name string) {
	s.edit(func() { s.addPlace(Repository+"@"+name, "environments") })
}

func (s *Server) AddRepository(name string) {
	s.edit(func() { s.addPlace(Organization+"/"+name, "secrets") })
}

// placeOf returns the place of a target's secret, or nil, and the secret's name.
// GitHub ignores the case of both.
func (s *Server) placeOf(target string) (*place, string) {
	target, environment, _ := strings.Cut(target, "@")
	where, name := path.Split(strings.TrimPrefix(target, "org:"))
	return s.placeAt(cmp.Or(strings.TrimSuffix(where, "/"), Repository), environment), strings.ToUpper(name)
}

// placeAt returns an owner, an owner/repo or an environment of one, or nil.
func (s *Server) placeAt(where, environment string) *place {
	return s.github.places[strings.ToLower(strings.TrimSuffix(where+"@"+environment, "@"))]
}

// SetSecret stores a secret, as its owner does, and reports whether there is a place for
// it. target is written as in rotate-to; selected are an organization's repositories.
func (s *Server) SetSecret(target, value string, selected ...int64) bool {
	return read(s, func() bool {
		p, name := s.placeOf(target)
		if p == nil || name == "" {
			return false
		}
		visibility := map[bool]string{true: "selected", false: "private"}[selected != nil]
		p.secrets[name] = storedSecret{value: value, created: s.now(), updated: s.now(), visibility: visibility, selected: selected}
		return true
	})
}

func (s *Server) stored(target string) storedSecret {
	return read(s, func() storedSecret {
		p, name := s.placeOf(target)
		return cmp.Or(p, &place{}).secrets[name]
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

func (s *Server) getSecret(r *request) answer {
	visibility := ""
	if r.PathValue("repo") == "" {
		visibility = fmt.Sprintf(`,"visibility":%q`, r.stored.visibility)
	}
	return jsonAnswer(200, fmt.Sprintf(`{"name":%q,"created_at":%q,"updated_at":%q%s}`,
		r.name, timestamp(r.stored.created), timestamp(r.stored.updated), visibility))
}

func (s *Server) deleteSecret(r *request) answer {
	delete(r.place.secrets, r.name)
	return empty(http.StatusNoContent)
}

func notSupplied(field string) answer {
	return githubRefusal(422, "Invalid request.\n\n\""+field+"\" wasn't supplied.")
}

func (s *Server) putSecret(r *request) answer {
	p, w := r.place, r.sent
	switch {
	case w.EncryptedValue == nil:
		a := notSupplied("encrypted_value")
		a.detail = "(no value)"
		return a
	case w.KeyID != p.keyID:
		return githubRefusal(422, "Invalid key_id")
	case r.PathValue("repo") == "" && w.Visibility == "":
		return notSupplied("visibility")
	case !regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`).MatchString(r.name) || strings.HasPrefix(r.name, "GITHUB_"):
		return githubRefusal(422, "Invalid secret name")
	}
	sealed, err := base64.StdEncoding.DecodeString(*w.EncryptedValue)
	value, ok := box.OpenAnonymous(nil, sealed, p.public, p.private)
	if err != nil || !ok {
		return githubRefusal(422, "Invalid encrypted_value")
	}
	a := empty(http.StatusNoContent)
	if r.stored.created.IsZero() {
		a, r.stored.created = jsonAnswer(http.StatusCreated, "{}"), s.now()
	}
	r.stored.value, r.stored.updated, r.stored.visibility, r.stored.selected = string(value), s.now(), w.Visibility, w.Selected
	p.secrets[r.name] = r.stored
	a.effect = s.journal.named(string(value), "value")
	return a
}

func (s *Server) selectedRepositories(r *request) answer {
	const perPage = 2 // small, so that clients must page
	page, _ := strconv.Atoi(r.Form.Get("page"))
	page, all := max(page, 1), r.stored.selected
	from := min((page-1)*perPage, len(all))
	to := min(from+perPage, len(all))
	var repos []json.RawMessage
	for _, id := range all[from:to] {
		repos = append(repos, shortRepository(id))
	}
	a := jsonAnswer(200, fmt.Sprintf(`{"total_count":%d,"repositories":%s}`, len(all), list(repos)))
	if to < len(all) {
		a.header["Link"] = fmt.Sprintf(`<http://%s%s?page=%d>; rel="next"`, r.Host, r.URL.EscapedPath(), page+1)
	}
	return a
}
