package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// samples are all runs of one program.
type samples []sample

// wall is the median time.
func (s samples) wall() time.Duration {
	return slices.SortedFunc(slices.Values(s), func(a, b sample) int { return int(a.wall - b.wall) })[len(s)/2].wall
}

// peaks are in MiB, the lowest first.
func (s samples) peaks() []float64 {
	var peaks []float64
	for _, one := range s {
		peaks = append(peaks, float64(one.memory)/(1<<10))
	}
	slices.Sort(peaks)
	return peaks
}

func (s samples) memory() float64 { return s.peaks()[len(s)/2] }

func (s samples) most() float64 { return slices.Max(s.peaks()) }

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// row is one line of the second table.
type row struct {
	what, measured, limit string
	holds                 bool
}

func atMost(what, format string, measured, limit float64) row {
	return row{what, fmt.Sprintf(format, measured), fmt.Sprintf("at most "+format, limit), measured <= limit}
}

func printResults(results []result) {
	fmt.Println("| refresh, verify, store, against a server on loopback | wall time | to bare Go | peak memory |")
	fmt.Println("|---|---:|---:|---:|")
	for _, r := range results {
		if r.missing != "" {
			// A reason comes from outside, and stays in its cell.
			fmt.Printf("| %s | not measured: %s | | |\n", r.name, strings.NewReplacer("|", "/", "\n", " ").Replace(r.missing))
			continue
		}
		fmt.Printf("| %s | %.1f ms | %.2f | %.1f MiB |\n", r.name, milliseconds(r.cost.wall()), ratio(r.cost.wall(), r.bare.wall()), r.cost.memory())
	}
}

func printRows(rows []row) {
	fmt.Println("| strava-token | measured | limit | holds |")
	fmt.Println("|---|---:|---:|---|")
	for _, r := range rows {
		holds := "yes"
		if !r.holds {
			holds = "**no**"
		}
		fmt.Printf("| %s | %s | %s | %s |\n", r.what, r.measured, r.limit, holds)
	}
}
