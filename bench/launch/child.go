package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// sample is what one process cost.
type sample struct {
	wall   time.Duration
	memory int64 // peak, in KiB
}

// child runs a program and waits for it. environment is all that the program
// finds in its own.
func (b *bench) child(ctx context.Context, environment []string, command ...string) (sample, error) {
	c := exec.CommandContext(ctx, b.measure, command...)
	c.Env = environment
	c.Dir = b.dir
	var complaint bytes.Buffer
	c.Stderr = &complaint
	name := filepath.Base(command[0])
	output, err := c.Output()
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w: %s", name, err, firstLine(complaint.String()))
	}
	var s sample
	if _, err := fmt.Sscan(string(output), &s.wall, &s.memory); err != nil {
		return sample{}, fmt.Errorf("%s: what was measured cannot be read: %w", name, err)
	}
	return s, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
