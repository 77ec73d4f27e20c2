package rpc

import (
	"net/http"

	"connectrpc.com/vanguard"
)

// newREST serves the paths of google.api.http over the RPCs. It is for /v1/ alone: elsewhere it would take a JSON POST
// for REST.
func newREST(services []string, calls http.Handler) (http.Handler, error) {
	mounted := make([]*vanguard.Service, 0, len(services))
	for _, name := range services {
		mounted = append(mounted, vanguard.NewService("/"+name+"/", calls,
			vanguard.WithTargetProtocols(vanguard.ProtocolConnect),
			vanguard.WithMaxMessageBufferBytes(MaxRequestBytes)))
	}
	return vanguard.NewTranscoder(mounted, vanguard.WithCodec(func(types vanguard.TypeResolver) vanguard.Codec {
		json := vanguard.NewJSONCodec(types)
		json.UnmarshalOptions.DiscardUnknown = false
		return json
	}))
}
