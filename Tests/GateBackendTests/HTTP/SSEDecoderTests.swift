@testable import GateBackend
import NIOCore
import Testing

@Suite struct SSEDecoderTests {
    private func decode(_ chunks: [[UInt8]], limit: Int = 1 << 20) -> (
        events: [String], decoder: SSEDecoder, fits: Bool
    ) {
        var decoder = SSEDecoder(limit: limit)
        var events: [String] = []
        var fits = true
        for chunk in chunks {
            chunk.withUnsafeBytes { bytes in
                fits = decoder.feed(bytes) { events.append("\($0.kind):" + String(buffer: $0.data)) } && fits
            }
        }
        return (events, decoder, fits)
    }

    private func decode(_ text: String) -> [String] { decode([Array(text.utf8)]).events }

    @Test func fieldsAreReadAsTheStandardSays() {
        #expect(decode("data: a\n\n") == ["message:a"])
        #expect(decode("data:a\n\n") == ["message:a"])
        #expect(decode("data:  a\n\n") == ["message: a"])
        #expect(decode("data: a\ndata: b\ndata\ndata:c\n\n") == ["message:a\nb\n\nc"])
        #expect(decode("data\ndata\n\n") == ["message:\n"])
        #expect(decode("event: endpoint\ndata: /x\n\ndata: y\n\n") == ["endpoint:/x", "message:y"])
        #expect(decode("event: ping\ndata: 1\n\n") == ["other:1"])
        #expect(decode("event: ping\n\ndata: 1\n\n") == ["message:1"])
        #expect(decode("datas: a\nDATA: b\n data: c\n\n") == [])
        #expect(decode(": comment\n:\ndata: a\n: between\ndata: b\n\n") == ["message:a\nb"])
        #expect(decode("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n") == ["message:a"])
        #expect(decode("data: unfinished\n") == [])
        #expect(decode("data: a\r\rdata: b\n\ndata: c\r\n\r\n") == ["message:a", "message:b", "message:c"])
    }

    @Test func idsCountWhenTheirEventEnds() {
        let priming = decode([Array("id: 7\nretry: 250\ndata:\n\n".utf8)])
        #expect(priming.events == [])
        #expect(priming.decoder.lastEventID == "7")
        #expect(priming.decoder.retryMilliseconds == 250)
        #expect(decode([Array("id: 7\n\nid: 8\ndata: x\n".utf8)]).decoder.lastEventID == "7")
        #expect(decode([Array("id: 7\n\nid: a\u{0}b\n\n".utf8)]).decoder.lastEventID == "7")
        #expect(decode([Array("id: 7\n\nid\n\n".utf8)]).decoder.lastEventID == "")
        #expect(decode([Array("retry: 1s\nretry: -1\nretry:\n\n".utf8)]).decoder.retryMilliseconds == nil)
    }

    @Test func anyCutGivesTheSameEvents() {
        let text = Array(
            """
            \u{FEFF}: hello\r\nid: 1\r\ndata: {"a":1}\r\n\r\nevent: endpoint\rdata: /m?x=1\r\rdata:\ndata\ndata: é\n\n\
            retry: 9\nevent: other\ndata: no\n\nevent: message\ndata: last one, rather long, longer than six\nid: 22\n\n\n
            """.utf8)
        let whole = decode([text])
        #expect(whole.events.count == 5)
        #expect(decode(text.map { [$0] }).events == whole.events)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            var chunks: [[UInt8]] = []
            var rest = text[...]
            while !rest.isEmpty {
                let count = Int.random(in: 0...12, using: &random)
                chunks.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let cut = decode(chunks)
            #expect(cut.events == whole.events, "cut into \(chunks.map(\.count))")
            #expect(cut.decoder.lastEventID == "22")
        }
    }

    @Test func linesAndEventsAreBounded() {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 600)
        #expect(!decode([Array("data: ".utf8), long, long, Array("\n\n".utf8)], limit: 1000).fits)
        #expect(!decode([Array(": ".utf8), long, long], limit: 1000).fits)
        #expect(
            !decode([Array("data: ".utf8) + long + Array("\ndata: ".utf8) + long + Array("\n\n".utf8)], limit: 1000)
                .fits)
        let many = [UInt8](Array(("data: ".utf8)) + long + Array("\n\n".utf8))
        #expect(decode(Array(repeating: many, count: 5), limit: 1000).events.count == 5)
    }
}
