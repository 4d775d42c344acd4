import Foundation
import GateBackend
import GateCurl
import GateProtocol
import GateTestKit
import NIOCore
import Synchronization
import Testing

@Suite struct StreamableHTTPLinkTests {
    typealias F = LinkFixture

    @Test func modernRequestCarriesItsHeadersAndIsAnsweredInJSON() async throws {
        let server = try ScriptedServer { request, reply in reply.json(F.result(request.id, "ok")) }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder, headers: [("Authorization", "Bearer s3cret")])
        link.send(F.request(5, name: "größe", headers: [("Mcp-Param-City", "Oslo")]))
        #expect(try await recorder.message(5) == F.result(5, "ok"))
        let request = try await server.requests.first { _ in true }.element
        #expect(request.method == "POST")
        #expect(request.headers["accept"] == "application/json, text/event-stream")
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["mcp-protocol-version"] == "2026-07-28")
        #expect(request.headers["mcp-method"] == "tools/call")
        #expect(request.headers["mcp-name"] == "=?base64?Z3LDtsOfZQ==?=")
        #expect(request.headers["mcp-param-city"] == "Oslo")
        #expect(request.headers["authorization"] == "Bearer s3cret")
        #expect(request.body.hasSuffix("}}\n"))
        await link.close()
        #expect(try await recorder.closed() == "the gateway closed the connection")
        #expect(server.requests.all.count == 1)
    }

    @Test func eventsInSingleBytesArriveInOrder() async throws {
        let server = try ScriptedServer { request, reply in
            reply.openStream()
            let text =
                ": hi\r\nevent: message\r\ndata: \(F.progress(1))\r\n\r\nevent: odd\ndata: no\n\ndata: \(F.progress(2))\n\n"
                + "data: \(F.result(request.id, "end"))\n\n"
            for byte in text.utf8 { reply.write([byte]) }
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        link.send(F.request(1))
        _ = try await recorder.events.first {
            if case .message(F.result(1, "end"), exchange: 1) = $0 { true } else { false }
        }
        #expect(recorder.messages == [F.progress(1), F.progress(2), F.result(1, "end")])
        await link.close()
        #expect(recorder.events.all.count == 4)
    }

    @Test func sessionLivesFromInitializeToDelete() async throws {
        let server = try ScriptedServer { request, reply in
            if request.method == "DELETE" { return reply.plain("200 OK") }
            if request.method == "GET" { return reply.plain("405 Method Not Allowed") }
            if request.body.contains("server/discover") {
                return reply.plain("400 Bad Request", "no", "Mcp-Session-Id: trap\r\n")
            }
            if request.body.contains("\"initialize\"") {
                return reply.json(F.result(request.id), "Mcp-Session-Id: abc-1\r\n")
            }
            if request.id == nil { return reply.plain("202 Accepted") }
            reply.json(F.result(request.id), "Mcp-Session-Id: other\r\n")
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder, headers: [("X-Key", "k")])
        link.send(F.request(9, MCPMethod.discover))
        #expect(try await recorder.failure(9).status == 400)
        try await F.openSession(link, server, recorder)
        link.send(F.request(2, MCPMethod.toolsList, era: .legacy))
        _ = try await recorder.message(2)
        _ = try await server.requests.first { $0.method == "GET" }
        await link.close()
        let requests = server.requests.all
        let initialize = try #require(requests.first { $0.body.contains("\"initialize\"") })
        #expect(initialize.headers["mcp-session-id"] == nil)
        #expect(initialize.headers["mcp-protocol-version"] == nil)
        #expect(initialize.headers["mcp-method"] == nil)
        for request in requests.dropFirst(2) {
            #expect(request.headers["mcp-session-id"] == "abc-1")
            #expect(request.headers["mcp-protocol-version"] == "2025-11-25")
            #expect(request.headers["x-key"] == "k")
        }
        #expect(requests.last?.method == "DELETE")
        #expect(requests.filter { $0.method == "GET" }.count == 1)
    }

    @Test func lostSessionIsReportedAsNotSent() async throws {
        let server = try ScriptedServer { request, reply in
            if request.method != "POST" { return reply.plain("405 Method Not Allowed") }
            if request.body.contains("\"initialize\"") {
                return reply.json(F.result(request.id), "Mcp-Session-Id: abc\r\n")
            }
            if request.id == nil { return reply.plain("202 Accepted") }
            reply.json(
                "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32600,\"message\":\"Session not found\"}}",
                status: "404 Not Found")
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        try await F.openSession(link, server, recorder)
        link.send(F.request(2, era: .legacy))
        let failure = try await recorder.failure(2)
        #expect(failure.isSessionLost)
        #expect(!failure.sent)
        link.send(F.request(3, era: .legacy))
        #expect(try await recorder.failure(3).isSessionLost)
        await link.close()
        // There is no session left to delete.
        #expect(!server.requests.all.contains { $0.method == "DELETE" })
    }

    @Test func serverStreamBringsMessagesAndIsTakenUpAgain() async throws {
        let opened = Atomic<Int>(0)
        let server = try ScriptedServer { request, reply in
            if request.method == "GET" {
                let count = opened.add(1, ordering: .relaxed).newValue
                reply.openStream()
                reply.event(F.progress(count), "id: e\(count)\nretry: 1\n")
                if count > 1 { reply.awaitHangUp(request) }
                return
            }
            if request.id == nil { return reply.plain("202 Accepted") }
            reply.json(F.result(request.id), "Mcp-Session-Id: abc\r\n")
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        try await F.openSession(link, server, recorder)
        _ = try await recorder.events.first {
            if case .message(F.progress(2), exchange: nil) = $0 { true } else { false }
        }
        let streams = server.requests.all.filter { $0.method == "GET" }
        #expect(streams.map { $0.headers["last-event-id"] } == [nil, "e1"])
        #expect(streams.allSatisfy { $0.headers["accept"] == "text/event-stream" })
        #expect(streams.allSatisfy { $0.headers["mcp-session-id"] == "abc" })
        await link.close()
        _ = try await server.hangUps.first { $0.method == "GET" }
    }

    @Test func brokenStreamOfALegacyCallIsResumed() async throws {
        let server = try ScriptedServer { request, reply in
            switch (request.method, request.headers["last-event-id"]) {
            case ("GET", "p1"?):
                // Still not the answer.
                reply.openStream()
                reply.event(F.progress(2), "id: p2\n")
            case ("GET", "p2"?):
                reply.openStream()
                reply.event(F.result(2, "late"), "id: p3\n")
            case ("GET", _): reply.plain("405 Method Not Allowed")
            default:
                if request.id == nil { return reply.plain("202 Accepted") }
                if request.id == 1 { return reply.json(F.result(1), "Mcp-Session-Id: abc\r\n") }
                reply.openStream()
                reply.write("id: p1\nretry: 1\ndata:\n\n")
            }
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        try await F.openSession(link, server, recorder)
        link.send(F.request(2, era: .legacy))
        _ = try await recorder.events.first {
            if case .message(F.result(2, "late"), exchange: 2) = $0 { true } else { false }
        }
        #expect(recorder.messages == [F.result(1), F.progress(2), F.result(2, "late")])
        await link.close()
    }

    /// A session whose answers end after their first piece.
    private static func cutShort(_ request: ScriptedServer.Request, _ reply: ScriptedReply) {
        if request.id == nil { return reply.plain("202 Accepted") }
        if request.id == 1 { return reply.json(F.result(1), "Mcp-Session-Id: abc\r\n") }
        reply.openStream()
        reply.write("id: p1\nretry: 1\ndata:\n\n")
    }

    @Test func resumingHasAnEnd() async throws {
        let server = try ScriptedServer { request, reply in
            if request.method == "GET", request.headers["last-event-id"] != nil {
                reply.openStream()
                return reply.write("retry: 1\n\n")
            }
            if request.method == "GET" { return reply.plain("405 Method Not Allowed") }
            Self.cutShort(request, reply)
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        try await F.openSession(link, server, recorder)
        link.send(F.request(2, era: .legacy))
        let failure = try await recorder.failure(2)
        #expect(failure.isBreach)
        #expect(failure.sent)
        #expect(server.requests.all.filter { $0.headers["last-event-id"] == "p1" }.count == 5)
        await link.close()
    }

    @Test func refusedResumptionNeverLooksUnsent() async throws {
        let server = try ScriptedServer { request, reply in
            if request.method == "GET" { return reply.plain("404 Not Found") }
            Self.cutShort(request, reply)
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        try await F.openSession(link, server, recorder)
        link.send(F.request(2, era: .legacy))
        let failure = try await recorder.failure(2)
        #expect(failure.isBreach)
        #expect(failure.sent)
        await link.close()
    }

    @Test func modernStreamThatEndsEarlyLosesTheRequest() async throws {
        let server = try ScriptedServer { request, reply in
            reply.openStream()
            reply.event(F.progress(1), "id: x\nretry: 1\n")
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        link.send(F.request(1))
        let failure = try await recorder.failure(1)
        #expect(failure.isBreach)
        #expect(failure.sent)
        #expect(server.requests.all.count == 1)
        await link.close()
    }

    @Test func otherAnswersFailWithWhatTheyAre() async throws {
        let server = try ScriptedServer { request, reply in
            switch request.id {
            case 1:
                reply.json(
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32022,\"message\":\"no\"}}",
                    status: "400 Bad Request")
            case 2: reply.plain("503 Service Unavailable", "busy\u{1B}[2J\n")
            case 3: reply.plain("401 Unauthorized")
            case 4: reply.plain("307 Temporary Redirect", "", "Location: http://elsewhere.example/secret\r\n")
            case 5: reply.plain("200 OK", "<html>", "Content-Type: text/html\r\n")
            case 6: reply.plain("202 Accepted")
            case 7: reply.hangUp()
            case 8:
                reply.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"half")
                reply.hangUp()
            case 9: reply.json("{\"error\":\"not JSON-RPC\"}", status: "404 Not Found")
            case 10: reply.json("")
            default: reply.json(F.result(request.id))
            }
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        for key in 1...10 { link.send(F.request(UInt64(key))) }
        #expect(try await recorder.message(1).contains("-32022"))
        let busy = try await recorder.failure(2)
        #expect(busy.status == 503)
        #expect(busy.body == "busy [2J")
        #expect(busy.sent)
        #expect(try await recorder.failure(3).status == 401)
        #expect(try await recorder.failure(3).sent == false)
        #expect(try await recorder.failure(4).body?.contains("elsewhere.example, and") == true)
        #expect(try await recorder.failure(5).message.contains("text/html"))
        #expect(try await recorder.failure(6).isBreach)
        #expect(try await recorder.failure(7).isNetwork)
        #expect(try await recorder.failure(7).sent)
        #expect(try await recorder.failure(8).isNetwork)
        #expect(try await recorder.failure(8).sent)
        #expect(try await recorder.failure(9).status == 404)
        #expect(try await recorder.failure(10).isBreach)
        await link.close()
    }

    @Test func unreachableServerGotNothing() async throws {
        let recorder = LinkRecorder()
        let link = try F.streamable("http://127.0.0.1:\(Sockets.freePort())/mcp", recorder)
        link.send(F.request(1))
        let failure = try await recorder.failure(1)
        #expect(failure.isNetwork)
        #expect(!failure.sent)
        await link.close()
        link.send(F.request(2))
        #expect(try await recorder.failure(2).sent == false)
    }

    @Test func abandonedExchangeIsClosedInSilence() async throws {
        let server = try ScriptedServer { request, reply in
            reply.openStream()
            reply.event(F.progress(1))
            reply.awaitHangUp(request)
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        link.send(F.request(1))
        _ = try await recorder.message(1)
        link.send(F.request(nil, MCPMethod.cancelled))
        link.abandon(1)
        _ = try await server.hangUps.first { $0.id == 1 }
        await link.close()
        #expect(recorder.events.all.count == 2)
        // HTTP has no cancellation message in the modern era.
        #expect(server.requests.all.count == 1)
    }

    @Test func sizesAreLimitedPerMessageAndNotPerStream() async throws {
        let big = String(repeating: "x", count: 300_000)
        let server = try ScriptedServer { request, reply in
            switch request.id {
            case 1: reply.json(F.result(1, big))
            case 2:
                reply.openStream()
                for _ in 0..<8 {
                    reply.event("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":\"\(big)\"}")
                }
                reply.event(F.result(2))
            case 3: reply.json(F.result(3, big + big))
            case 4:
                reply.openStream()
                reply.event(F.result(4, big + big))
            case 5:
                reply.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
                reply.write(F.result(5, big + big))
                reply.hangUp()
            default: reply.json(F.result(request.id, "\(request.body.utf8.count)"))
            }
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder, limit: 400_000)
        for key in 1...5 { link.send(F.request(UInt64(key))) }
        link.send(F.request(6, padding: 3_000_000))
        #expect(try await recorder.message(1) == F.result(1, big))
        _ = try await recorder.events.first { if case .message(F.result(2), exchange: 2) = $0 { true } else { false } }
        for key in [3, 4, 5] as [UInt64] { #expect(try await recorder.failure(key).isTooLarge, "\(key)") }
        #expect(try await recorder.message(6).contains("\"text\":\"30000"))
        await link.close()
    }

    @Test func concurrentExchangesAreNotMixedUp() async throws {
        let server = try ScriptedServer { request, reply in
            guard let id = request.id, id % 3 == 0 else {
                return reply.json(F.result(request.id, "n\(request.id ?? -1)"))
            }
            reply.openStream()
            reply.event(F.progress(id))
            reply.event(F.result(id, "n\(id)"))
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        for round in 0..<8 {
            let keys = (0..<64).map { UInt64(round * 64 + $0 + 1) }
            for key in keys { link.send(F.request(key)) }
            for key in keys {
                _ = try await recorder.events.first {
                    if case .message(F.result(Int(key), "n\(key)"), exchange: key) = $0 { true } else { false }
                }
            }
        }
        await link.close()
        for case .message(let text, let key?) in recorder.events.all where text.contains("result") {
            #expect(text == F.result(Int(key), "n\(key)"))
        }
        #expect(!recorder.events.all.contains { if case .failed = $0 { true } else { false } })
    }

    @Test func releasedReceiverIsLeftAlone() async throws {
        let server = try ScriptedServer { request, reply in
            reply.openStream()
            reply.event(F.progress(1))
            reply.awaitHangUp(request)
        }
        var recorder: LinkRecorder? = LinkRecorder()
        let link = try F.streamable(server.url, #require(recorder))
        link.send(F.request(1, MCPMethod.listen))
        _ = try await recorder?.message(1)
        recorder = nil
        await link.close()
        _ = try await server.hangUps.first { $0.id == 1 }
    }
}
