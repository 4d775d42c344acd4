import GateBackend
import NIOCore

enum EventsFuzz {
    private static let limit = 4096

    static func check(_ input: [UInt8]) -> String? {
        let whole = decode([input[...]])
        let cut = decode(Array(Cuts(input)))
        guard whole.isFine == cut.isFine else { return "the cut decides whether the stream is taken" }
        guard whole.isFine else { return nil }
        guard whole.events == cut.events else { return "the cut decides the events" }
        guard whole.lastID == cut.lastID, whole.retry == cut.retry else {
            return "the cut decides the id or the retry time"
        }
        guard whole.events.allSatisfy({ $0.data.readableBytes <= limit }) else { return "an event beyond the limit" }
        return nil
    }

    private struct Outcome {
        var events: [SSEDecoder.Event] = []
        var isFine = true
        var lastID = ""
        var retry: Int64?
    }

    private static func decode(_ pieces: [ArraySlice<UInt8>]) -> Outcome {
        var decoder = SSEDecoder(limit: limit)
        var outcome = Outcome()
        for piece in pieces where outcome.isFine {
            outcome.isFine = piece.withUnsafeBytes { bytes in decoder.feed(bytes) { outcome.events.append($0) } }
        }
        outcome.lastID = decoder.lastEventID
        outcome.retry = decoder.retryMilliseconds
        return outcome
    }
}
