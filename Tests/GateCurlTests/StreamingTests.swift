import GateCurl
import Testing

@Suite struct StreamingTests {
    @Test func chunksArriveAsTheyAreSent() async throws {
        let next = [Signal(), Signal(), Signal()]
        let server = try RawServer { connection in
            _ = connection.readRequest()
            _ = connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for (index, signal) in next.enumerated() {
                guard connection.write("3\r\n<\(index)>\r\n") else { return }
                signal.waitBlocking()
            }
            _ = connection.write("0\r\nX-Trailer: t\r\n\r\n")
            connection.readToEnd()
        }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let sink = RecordingSink()
        agent.start(CurlRequest(url: server.url), sink: sink)
        var received = ""
        var pieces = 0
        var heads = 0
        for await event in sink.events {
            switch event {
            case .head(let head):
                heads += 1
                #expect(head.status == 200)
            case .body(let bytes):
                received += String(decoding: bytes, as: UTF8.self)
                next[pieces].fire()
                pieces += 1
            case .finished(let error): #expect(error == nil)
            }
        }
        #expect(received == "<0><1><2>")
        #expect(heads == 1)
        await agent.shutdown()
    }

    @Test func cancelClosesTheConnectionAtOnce() async throws {
        let closed = Signal()
        let server = try RawServer { connection in
            _ = connection.readRequest()
            _ = connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc")
            connection.readToEnd()
            closed.fire()
        }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let sink = RecordingSink()
        let transfer = agent.start(CurlRequest(url: server.url), sink: sink)
        var finished = 0
        for await event in sink.events {
            switch event {
            case .head: break
            case .body: transfer.cancel()
            case .finished(let error):
                finished += 1
                #expect(error?.kind == .cancelled)
                #expect(error?.sent == true)
            }
        }
        #expect(finished == 1)
        await closed.wait()
        await agent.shutdown()
    }

    @Test func cancelledTaskEndsTheTransfer() async throws {
        let arrived = Signal()
        let closed = Signal()
        let server = try RawServer { connection in
            _ = connection.readRequest()
            arrived.fire()
            connection.readToEnd()
            closed.fire()
        }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let url = server.url
        let task = Task { await failure { () async throws(CurlError) in try await agent.send(CurlRequest(url: url)) } }
        await arrived.wait()
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        await closed.wait()
        await agent.shutdown()
    }

    @Test func pausedBodyComesWholeAfterResume() async throws {
        let size = 2 << 20
        let server = try RawServer.answering { _ in ok(String(repeating: "z", count: size)) }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let sink = RecordingSink(pauses: true)
        let transfer = agent.start(CurlRequest(url: server.url), sink: sink)
        var received = 0
        for await event in sink.events {
            switch event {
            case .head: break
            case .body(let bytes):
                received += bytes.count
                transfer.resume()
            case .finished(let error): #expect(error == nil)
            }
        }
        #expect(received == size)
        await agent.shutdown()
    }

    @Test func shutdownFailsWhatIsOutstandingAndLaterCalls() async throws {
        let arrived = Signal()
        let server = try RawServer { connection in
            _ = connection.readRequest()
            arrived.fire()
            connection.readToEnd()
        }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let url = server.url
        async let waiting = failure { () async throws(CurlError) in try await agent.send(CurlRequest(url: url)) }
        await arrived.wait()
        await agent.shutdown()
        await agent.shutdown()
        let error = await waiting
        #expect(error?.kind == .shutDown)
        #expect(error?.sent == true)
        let late = await failure { () async throws(CurlError) in try await agent.send(CurlRequest(url: url)) }
        #expect(late?.kind == .shutDown)
        #expect(late?.sent == false)
    }
}
