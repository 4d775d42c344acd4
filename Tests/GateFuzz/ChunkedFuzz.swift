import GateHTTP
import NIOCore

enum ChunkedFuzz {
    private static let limit = 256

    static func check(_ input: [UInt8]) -> String? {
        let whole = decode([input[...]])
        let cut = decode(Array(Cuts(input)))
        guard whole.isEnded == cut.isEnded, whole.isRefused == cut.isRefused else {
            return "the cut decides what it is"
        }
        guard whole.body == cut.body || whole.isRefused else { return "the cut decides the body" }
        guard whole.body.count <= limit else { return "a body beyond the limit" }
        // Bytes of the next request are not taken along.
        guard !whole.isEnded || whole.left == cut.left else { return "the cut decides where the body ends" }
        return nil
    }

    private struct Outcome {
        var body: [UInt8] = []
        var isEnded = false
        var isRefused = false
        var left = 0
    }

    private static func decode(_ pieces: [ArraySlice<UInt8>]) -> Outcome {
        var decoder = ChunkedDecoder(maxBytes: limit)
        var outcome = Outcome()
        var buffer = ByteBuffer()
        var body = ByteBuffer()
        for piece in pieces {
            buffer.writeBytes(piece)
            guard !outcome.isEnded, !outcome.isRefused else { continue }
            do throws(HTTPRefusal) {
                outcome.isEnded = try decoder.decode(&buffer, into: &body)
            } catch {
                outcome.isRefused = true
            }
        }
        outcome.body = Array(buffer: body)
        outcome.left = buffer.readableBytes
        return outcome
    }
}
