// Command bare is the floor that bench/run measures against: refresh, public
// key, write. It checks nothing, proves nothing, and keeps no promise.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"

	"golang.org/x/crypto/nacl/box"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	var token struct {
		Refresh string `json:"refresh_token"`
	}
	form := url.Values{
		"client_id":     {os.Getenv("STRAVA_CLIENT_ID")},
		"client_secret": {os.Getenv("STRAVA_CLIENT_SECRET")},
		"grant_type":    {"refresh_token"},
		"refresh_token": {os.Getenv("STRAVA_REFRESH_TOKEN")},
	}
	answer, err := http.PostForm(os.Getenv("STRAVA_URL")+"/oauth/token", form)
	if err != nil {
		return err
	}
	if err := read(answer, &token); err != nil {
		return err
	}
	secrets := os.Getenv("GITHUB_API_URL") + "/repos/" + os.Getenv("GITHUB_REPOSITORY") + "/actions/secrets/"
	var key struct {
		ID    string `json:"key_id"`
		Value []byte `json:"key"`
	}
	if err := github("GET", secrets+"public-key", nil, &key); err != nil {
		return err
	}
	if len(key.Value) != 32 {
		return fmt.Errorf("the public key has %d bytes", len(key.Value))
	}
	sealed, err := box.SealAnonymous(nil, []byte(token.Refresh), (*[32]byte)(key.Value), rand.Reader)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"encrypted_value": sealed, "key_id": key.ID})
	if err != nil {
		return err
	}
	return github("PUT", secrets+"STRAVA_REFRESH_TOKEN", bytes.NewReader(body), nil)
}

func github(method, url string, body io.Reader, result any) error {
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+os.Getenv("GH_TOKEN"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return read(resp, result)
}

// read reads an answer into result, if that is not nil.
func read(resp *http.Response, result any) error {
	defer resp.Body.Close()
	if resp.StatusCode > 299 {
		return fmt.Errorf("%s: %s", resp.Request.URL.Path, resp.Status)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || result == nil {
		return err
	}
	return json.Unmarshal(body, result)
}
