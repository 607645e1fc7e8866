package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// samples are all runs of one program.
type samples []sample

// wall is the median time.
func (s samples) wall() time.Duration {
	times := make([]time.Duration, len(s))
	for i := range s {
		times[i] = s[i].wall
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// memory is the median of the peaks, in KiB.
func (s samples) memory() int64 {
	peaks := s.peaks()
	return peaks[len(peaks)/2]
}

// most is the highest peak, in KiB.
func (s samples) most() int64 { return slices.Max(s.peaks()) }

func (s samples) peaks() []int64 {
	peaks := make([]int64, len(s))
	for i := range s {
		peaks[i] = s[i].memory
	}
	slices.Sort(peaks)
	return peaks
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func mebibytes(kib int64) float64 { return float64(kib) / (1 << 10) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func memory(kib int64) string { return fmt.Sprintf("%.1f MiB", mebibytes(kib)) }

func printResults(w io.Writer, results []result) {
	fmt.Fprintln(w, "| refresh, verify, store, against a server on loopback | wall time | to bare Go | peak memory | requests |")
	fmt.Fprintln(w, "|---|---:|---:|---:|---:|")
	for _, r := range results {
		if r.missing != "" {
			fmt.Fprintf(w, "| %s | not measured: %s | | | |\n", r.name, cell(r.missing))
			continue
		}
		fmt.Fprintf(w, "| %s | %.1f ms | %.2f | %s | %d |\n", r.name, milliseconds(r.wall.wall()),
			ratio(r.wall.wall(), r.bare.wall()), memory(r.wall.memory()), r.requests)
	}
}

func printRows(w io.Writer, rows []row) {
	fmt.Fprintln(w, "| strava-token | measured | limit | holds |")
	fmt.Fprintln(w, "|---|---:|---:|---|")
	for _, r := range rows {
		holds := "yes"
		if !r.holds {
			holds = "**no**"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", r.what, cell(r.measured), r.limit, holds)
	}
}

// cell keeps a text from outside in its cell.
func cell(text string) string { return strings.NewReplacer("|", "/", "\n", " ").Replace(text) }
