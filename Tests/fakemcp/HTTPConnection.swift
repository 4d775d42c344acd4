#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One accepted connection: requests in, one after the other, and replies or event streams out.
final class HTTPConnection {
    let descriptor: Int32
    private let loop: EventLoop
    private let outlet: Outlet
    private var unread: [UInt8] = []
    private var saidContinue = false
    private(set) var isStreaming = false
    private(set) var isClosed = false
    /// True from a request until its reply is complete.
    private var isBusy = false
    var onRequest: (HTTPRequest) -> Void = { _ in }
    var onClose: () -> Void = {}

    init(descriptor: Int32, loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
        outlet = Outlet(descriptor: descriptor, loop: loop, piece: 1 << 20)
        loop.onReadable(descriptor) { [unowned self] in readMore() }
    }

    private func readMore() {
        guard let bytes = System.read(descriptor) else {
            if errno != EAGAIN { close() }
            return
        }
        guard !bytes.isEmpty else { return close() }
        unread += bytes
        nextRequest()
    }

    private func nextRequest() {
        guard !isBusy, !isClosed, !unread.isEmpty else { return }
        switch HTTPRequest.read(unread) {
        case .broken: close()
        case .incomplete(let waits):
            if waits, !saidContinue { outlet.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
            saidContinue = waits
        case .complete(let request, let taken):
            unread.removeFirst(taken)
            saidContinue = false
            isBusy = true
            onRequest(request)
        }
    }

    func reply(_ status: Int, _ headers: [(String, String)] = [], _ body: [UInt8] = []) {
        guard !isClosed else { return }
        var head = "HTTP/1.1 \(status) \(status < 400 ? "OK" : "Error")\r\nContent-Length: \(body.count)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        outlet.send(Array((head + "\r\n").utf8) + body)
        done()
    }

    func json(_ status: Int, _ headers: [(String, String)] = [], _ body: [UInt8]) {
        reply(status, headers + [("Content-Type", "application/json")], body)
    }

    func openStream(_ headers: [(String, String)] = []) {
        guard !isStreaming, !isClosed else { return }
        isStreaming = true
        var head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
        head += "Cache-Control: no-cache, no-transform\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        outlet.send(Array((head + "\r\n").utf8))
    }

    func event(_ name: String, _ data: [UInt8]) {
        guard isStreaming, !isClosed else { return }
        chunk(Array("event: \(name)\r\ndata: ".utf8) + data + Array("\r\n\r\n".utf8))
    }

    func endStream() {
        guard isStreaming, !isClosed else { return }
        isStreaming = false
        outlet.send(Array("0\r\n\r\n".utf8))
        done()
    }

    private func chunk(_ bytes: [UInt8]) {
        outlet.send(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
    }

    /// The next request waits until the loop turns, so that a pipelining client cannot grow the stack.
    private func done() {
        isBusy = false
        guard !unread.isEmpty else { return }
        loop.after(milliseconds: 0) { [weak self] in self?.nextRequest() }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        loop.onReadable(descriptor, nil)
        outlet.stop()
        System.close(descriptor)
        onClose()
    }
}
