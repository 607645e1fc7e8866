package sandbox

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/nacl/box"
)

// place holds secrets: a repository, an environment or an organization.
type place struct {
	name     string // as in rotate-to: owner/repo, owner/repo@environment or org:name
	kind     string // secrets, environments or organization_secrets: the permission
	keyID    string
	public   *[32]byte
	private  *[32]byte
	shortKey bool
	secrets  map[string]*storedSecret // by their names in upper case
}

type storedSecret struct {
	value      string
	created    time.Time
	updated    time.Time
	visibility string
	selected   []int64
}

func (s *Server) addPlace(name, kind string) {
	public, private, err := box.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // the system's random source is gone
	}
	s.github.places[strings.ToLower(name)] = &place{
		name: name, kind: kind, keyID: fmt.Sprintf("%d", 568250167242549000+int64(len(s.github.places))),
		public: public, private: private, secrets: map[string]*storedSecret{},
	}
}

// AddEnvironment creates an environment of the repository.
func (s *Server) AddEnvironment(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addPlace(Repository+"@"+name, "environments")
}

// AddRepository creates another repository of the same owner.
func (s *Server) AddRepository(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addPlace(Organization+"/"+name, "secrets")
}

// BreakPublicKey makes the repository's public key one byte too short.
func (s *Server) BreakPublicKey() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.github.places[Repository].shortKey = true
}

// placeOf returns where a target's secret lives, or nil, and the secret's name.
// GitHub ignores the case of both.
func (s *Server) placeOf(target string) (*place, string) {
	target, environment, inEnvironment := strings.Cut(target, "@")
	where, name := Repository, target
	if i := strings.LastIndex(target, "/"); i >= 0 {
		where, name = target[:i], target[i+1:]
	}
	if inEnvironment {
		where += "@" + environment
	}
	return s.github.places[strings.ToLower(where)], strings.ToUpper(name)
}

// SetSecret stores a secret, as its owner does in the settings. target is
// written as in rotate-to.
func (s *Server) SetSecret(target, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, name := s.placeOf(target)
	p.secrets[name] = &storedSecret{value: value, created: s.now(), updated: s.now(), visibility: "private"}
}

// SelectRepositories restricts an organization's secret to some repositories.
func (s *Server) SelectRepositories(target string, ids ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, name := s.placeOf(target)
	p.secrets[name].visibility, p.secrets[name].selected = "selected", ids
}

// Selected returns who may use an organization's secret.
func (s *Server) Selected(target string) (visibility string, ids []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, name := s.placeOf(target)
	return p.secrets[name].visibility, p.secrets[name].selected
}

// Secret returns the value of a secret, which the real GitHub never does.
func (s *Server) Secret(target string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, name := s.placeOf(target)
	if p == nil || p.secrets[name] == nil {
		return ""
	}
	return p.secrets[name].value
}
