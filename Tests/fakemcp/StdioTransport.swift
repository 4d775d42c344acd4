#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One message for each line of stdin and stdout.
final class StdioTransport: Exchange {
    private let server: Server
    private let loop: EventLoop
    private let outlet: Outlet
    private let session = Session(id: "stdio")
    private var unread: [UInt8] = []

    init(server: Server, loop: EventLoop) {
        self.server = server
        self.loop = loop
        outlet = Outlet(descriptor: 1, loop: loop)
        session.stream = { [unowned self] in notify($0) }
        server.sessions.append(session)
        server.stopReading = { loop.onReadable(0, nil) }
        server.closeInput = {
            loop.onReadable(0, nil)
            System.close(0)
        }
        server.closeOutput = { [outlet] in
            outlet.stop()
            System.close(1)
        }
        loop.onReadable(0) { [unowned self] in readLines() }
    }

    func say(_ text: String) { outlet.send(Array(text.utf8)) }

    func notify(_ message: JSON) { outlet.send(message.bytes + [0x0A]) }
    func finish(_ message: JSON) { outlet.send(message.bytes + [0x0A]) }
    func finish(bytes: [UInt8]) { outlet.send(bytes) }
    func misbehave(_ evil: Evil) {}

    private func readLines() {
        guard let bytes = System.read(0), !bytes.isEmpty else {
            loop.onReadable(0, nil)
            // As real servers do: the end of stdin is the end of the work.
            if server.options.evil != .ignoreTerm { outlet.whenFlushed { exit(0) } }
            return
        }
        unread.append(contentsOf: bytes)
        var start = 0
        while let end = unread[start...].firstIndex(of: 0x0A) {
            let line = Array(unread[start..<end])
            start = end + 1
            if !line.isEmpty { server.receive(line, session: session, exchange: self) }
        }
        unread.removeFirst(start)
    }
}
