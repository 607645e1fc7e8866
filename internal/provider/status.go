package provider

// Status is what the process ends with.
type Status int

// The exit statuses, which scripts may rely on.
const (
	Done     Status = 0
	Failed   Status = 1
	BadInput Status = 2 // nothing was sent anywhere
	NotKept  Status = 3 // a new refresh token is not in every target; outranks Failed
)

// Status returns how the process ends after this run.
func (o *Outcome) Status() Status {
	switch {
	case o.notKept:
		return NotKept
	case len(o.Failures) > 0:
		return Failed
	}
	return Done
}
