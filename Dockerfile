FROM golang:1.26 AS build
WORKDIR /src
# Modules first: a change in the code does not download them again.
COPY go.mod go.sum ./
RUN go mod download
COPY main.go ./
COPY internal internal
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X strava-token/internal/cli.version=${VERSION}" -o /strava-token .

# No USER: the files that the runner mounts belong to root. No WORKDIR: the
# runner sets its own.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /strava-token /strava-token
ENTRYPOINT ["/strava-token"]
