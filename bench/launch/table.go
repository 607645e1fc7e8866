package main

import (
	"fmt"
	"strings"
)

// row is one line of the second table.
type row struct {
	what, format    string
	measured, limit float64
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
		fmt.Printf("| %s | %.1f ms | %.2f | %.1f MiB |\n", r.name, r.cost.wall(), r.cost.wall()/r.bare.wall(), median(r.cost.peaks))
	}
}

func printRows(rows []row) {
	fmt.Println("| strava-token | measured | limit | holds |")
	fmt.Println("|---|---:|---:|---|")
	for _, r := range rows {
		holds := "yes"
		if r.measured > r.limit {
			holds = "**no**"
		}
		fmt.Printf("| %s | "+r.format+" | at most "+r.format+" | %s |\n", r.what, r.measured, r.limit, holds)
	}
}
