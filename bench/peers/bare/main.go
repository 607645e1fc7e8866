// Command bare is the floor that bench/run measures against: refresh, public
// key, write. It checks nothing, proves nothing, and keeps no promise.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/crypto/nacl/box"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run() error {
	form := url.Values{
		"client_id":     {os.Getenv("STRAVA_CLIENT_ID")},
		"client_secret": {os.Getenv("STRAVA_CLIENT_SECRET")},
		"grant_type":    {"refresh_token"},
		"refresh_token": {os.Getenv("STRAVA_REFRESH_TOKEN")},
	}
	var token struct {
		Refresh string `json:"refresh_token"`
	}
	post, err := http.NewRequest("POST", os.Getenv("STRAVA_URL")+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := send(post, &token); err != nil {
		return err
	}

	secrets := os.Getenv("GITHUB_API_URL") + "/repos/" + os.Getenv("GITHUB_REPOSITORY") + "/actions/secrets/"
	var key struct {
		ID    string `json:"key_id"`
		Value []byte `json:"key"`
	}
	get, err := http.NewRequest("GET", secrets+"public-key", nil)
	if err != nil {
		return err
	}
	if err := send(authorized(get), &key); err != nil {
		return err
	}

	if len(key.Value) != 32 {
		return fmt.Errorf("the public key has %d bytes", len(key.Value))
	}
	sealed, err := box.SealAnonymous(nil, []byte(token.Refresh), (*[32]byte)(key.Value), rand.Reader)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{
		"encrypted_value": base64.StdEncoding.EncodeToString(sealed),
		"key_id":          key.ID,
	})
	if err != nil {
		return err
	}
	put, err := http.NewRequest("PUT", secrets+"STRAVA_REFRESH_TOKEN", bytes.NewReader(body))
	if err != nil {
		return err
	}
	return send(authorized(put), nil)
}

func authorized(req *http.Request) *http.Request {
	req.Header.Set("Authorization", "Bearer "+os.Getenv("GH_TOKEN"))
	return req
}

// send sends req and reads its answer into result, where that is not nil.
func send(req *http.Request, result any) error {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode > 299 {
		return fmt.Errorf("%s %s: %s", req.Method, req.URL.Path, resp.Status)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || result == nil {
		return err
	}
	return json.Unmarshal(body, result)
}
