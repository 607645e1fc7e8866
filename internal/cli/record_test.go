package cli_test

import (
	"encoding/json"
	"flag"
	"os"

	"strava-token/internal/sandbox"
)

// recordTo is what internal/contract reads: the calls to GitHub, one a line.
var recordTo = flag.String("record", "", "append the calls to GitHub to this file")

// record records what a sandbox is asked in GitHub's place, and what it answers.
func record(s *sandbox.Server) {
	if *recordTo == "" {
		return
	}
	observe := func(e sandbox.Exchange) {
		if e.Service != "github" {
			return
		}
		line, _ := json.Marshal(e) // texts and a number
		f, err := os.OpenFile(*recordTo, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			panic(err)
		}
		defer f.Close()
		if _, err := f.Write(append(line, '\n')); err != nil { // at once, so that lines do not mix
			panic(err)
		}
	}
	s.Set(func(k *sandbox.Knobs) { k.Observe = observe })
}
