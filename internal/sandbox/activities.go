package sandbox

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// The athlete's activities are made from the seed and their number, so that the
// same sandbox has the same ones every time. The first is of 1 January 2025; a
// further one is always the newest.
var firstActivity = time.Date(2025, 1, 1, 6, 0, 0, 0, time.UTC)

const (
	betweenActivities = 40 * time.Hour
	firstActivityID   = 13210000000
	onlyMe            = 10 // every tenth is private
)

// findActivities returns what an athlete's token may see, the newest first, or,
// with a time to begin with, the oldest first, as Strava does. Times are in
// seconds; 0 is none.
func (s *Server) findActivities(athlete int64, private bool, after, before int) []string {
	var found []string
	for n := range s.knobs.Activities {
		start := firstActivity.Add(time.Duration(n) * betweenActivities)
		begins := int(start.Unix())
		hidden := n%onlyMe == onlyMe-1
		if hidden && !private || after != 0 && begins <= after || before != 0 && begins >= before {
			continue
		}
		found = append(found, activity(s.knobs.Seed, n, athlete, start, hidden))
	}
	if after == 0 {
		slices.Reverse(found)
	}
	return found
}

func activity(seed int64, n int, athlete int64, start time.Time, hidden bool) string {
	id := firstActivityID + int64(n)
	random := rand.New(rand.NewPCG(uint64(seed), uint64(n)))
	kind := []string{"Run", "Run", "Ride", "Walk"}[random.IntN(4)]
	speed := map[string]float64{"Run": 3, "Ride": 7, "Walk": 1.5}[kind] * (0.9 + random.Float64()/5)
	moving := 1200 + random.IntN(3600)
	beats := 120 + random.IntN(40)
	track, first := loop(random, speed*float64(moving))
	visibility := "everyone"
	if hidden {
		visibility = "only_me"
	}
	return filled("activity", values{
		"id": id, "map": fmt.Sprintf("a%d", id), "upload": fmt.Sprint(id), "athlete": athlete,
		"name": fmt.Sprintf("%s %d", kind, n+1), "type": kind, "private": hidden, "visibility": visibility,
		"distance": round(speed * float64(moving)), "moving_time": moving, "elapsed_time": moving + random.IntN(300),
		"gain": random.IntN(300), "speed": round(speed), "max_speed": round(speed * 1.4),
		"start_date": start.Format(time.RFC3339), "start_date_local": start.Add(8 * time.Hour).Format(time.RFC3339),
		"heartrate": beats, "max_heartrate": beats + 25, "polyline": track, "start": first,
	})
}

func round(f float64) float64 { return math.Round(f*10) / 10 }

// loop returns a round trip of some metres in Singapore, as an encoded polyline, and
// its start.
func loop(random *rand.Rand, metres float64) (polyline string, start [2]float64) {
	const corners, perDegree = 24, 111000.0
	radius := metres / (2 * math.Pi) / perDegree
	latitude, longitude := 1.30+random.Float64()/20, 103.80+random.Float64()/20
	var b strings.Builder
	var last [2]int
	for i := range corners + 1 {
		angle := 2 * math.Pi * float64(i) / corners
		point := [2]float64{latitude + radius*math.Sin(angle), longitude + radius*math.Cos(angle)}
		if i == 0 {
			start = [2]float64{math.Round(point[0]*1e5) / 1e5, math.Round(point[1]*1e5) / 1e5}
		}
		for axis, degrees := range point {
			now := int(math.Round(degrees * 1e5))
			encode(&b, now-last[axis])
			last[axis] = now
		}
	}
	return b.String(), start
}

// encode writes a number in Google's polyline algorithm: its bits in groups of
// five, the lowest first, the sign in the lowest bit.
func encode(b *strings.Builder, n int) {
	n <<= 1
	if n < 0 {
		n = ^n
	}
	for ; n >= 0x20; n >>= 5 {
		b.WriteByte(byte(n&0x1f|0x20) + 63)
	}
	b.WriteByte(byte(n) + 63)
}
