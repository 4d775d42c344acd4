import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An HTTP server on 127.0.0.1 that answers with exactly the bytes a test wants, one thread for each connection.
package final class ScriptedServer: Sendable {
    package struct Request: Sendable {
        package var line: String
        package var headers: [String: String]
        package var body: String
        /// Which connection it came on, counted from 1.
        package var connection = 0

        package subscript(_ name: String) -> String? { headers[name.lowercased()] }
        package var method: String { String(line.prefix { $0 != " " }) }
        package var path: String { line.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
    }

    package enum Answer: Sendable {
        case reply(Int, String, headers: [String: String] = [:])
        /// Sends the pieces of an event stream; the connection stays open after them until the client closes it.
        case stream([String], headers: [String: String] = [:])
        /// The same, and then closes.
        case streamAndClose([String], headers: [String: String] = [:])
        /// Never answers.
        case hold
        /// Closes without an answer.
        case hangUp

        package static func ok(_ body: String, headers: [String: String] = [:]) -> Answer {
            .reply(200, body, headers: headers)
        }
    }

    package let port: UInt16
    /// Complete requests, in the order of their arrival.
    package let requests = Journal<Request>(name: "requests")
    /// Requests whose connection the client closed while they were held or streamed.
    package let abandoned = Journal<String>(name: "abandoned requests")
    private let listener: Mutex<Int32?>

    package var url: String { "http://127.0.0.1:\(port)" }

    /// - Parameter port: 0 for any.
    package init(port wanted: UInt16 = 0, _ handler: @escaping @Sendable (Request) -> Answer) throws {
        let descriptor = try Self.listen(wanted)
        port = try Self.port(of: descriptor)
        listener = Mutex(descriptor)
        DispatchQueue(label: "scripted-server").async { [self] in
            var number = 0
            while true {
                let peer = accept(descriptor, nil, nil)
                guard peer >= 0 else { break }
                number += 1
                DispatchQueue(label: "scripted-connection").async { [self, number] in
                    serve(peer, number, handler)
                    close(peer)
                }
            }
            close(descriptor)
        }
    }

    /// Stops listening; open connections stay.
    package func stop() {
        listener.withLock { descriptor in
            if let open = descriptor { shutdown(open, Int32(SHUT_RDWR)) }
            descriptor = nil
        }
    }

    deinit { stop() }

    private func serve(_ peer: Int32, _ number: Int, _ handler: (Request) -> Answer) {
        var buffer: [UInt8] = []
        while var request = Self.read(peer, &buffer) {
            request.connection = number
            requests.append(request)
            switch handler(request) {
            case .reply(let status, let body, let headers):
                var head = "HTTP/1.1 \(status) Status\r\nContent-Length: \(body.utf8.count)\r\n"
                if headers["Content-Type"] == nil { head += "Content-Type: application/json\r\n" }
                for (name, value) in headers { head += "\(name): \(value)\r\n" }
                guard Self.write(peer, head + "\r\n" + body) else { return }
            case .stream(let events, let headers):
                guard sendEvents(peer, events, headers) else { return }
                waitForEnd(peer, request)
                return
            case .streamAndClose(let events, let headers):
                _ = sendEvents(peer, events, headers)
                return
            case .hold:
                waitForEnd(peer, request)
                return
            case .hangUp: return
            }
        }
    }

    private func sendEvents(_ peer: Int32, _ events: [String], _ headers: [String: String]) -> Bool {
        var head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        return Self.write(peer, head + "\r\n" + events.map { "event: message\ndata: \($0)\n\n" }.joined())
    }

    private func waitForEnd(_ peer: Int32, _ request: Request) {
        var byte: UInt8 = 0
        while recv(peer, &byte, 1, 0) > 0 {}
        abandoned.append(request.body.isEmpty ? request.line : request.body)
    }

    private static func read(_ peer: Int32, _ buffer: inout [UInt8]) -> Request? {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        func fill() -> Bool {
            let count = recv(peer, &chunk, chunk.count, 0)
            guard count > 0 else { return false }
            buffer += chunk.prefix(count)
            return true
        }
        let end = Array("\r\n\r\n".utf8)
        var head: Int?
        while head == nil {
            head = buffer.indices.first { buffer[$0...].starts(with: end) }
            if head == nil, !fill() { return nil }
        }
        let lines = String(decoding: buffer.prefix(head ?? 0), as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        buffer.removeFirst((head ?? 0) + 4)
        let length = Int(headers["content-length"] ?? "0") ?? 0
        while buffer.count < length { guard fill() else { return nil } }
        let body = String(decoding: buffer.prefix(length), as: UTF8.self)
        buffer.removeFirst(length)
        return Request(line: String(lines.first ?? ""), headers: headers, body: body)
    }

    private static func write(_ peer: Int32, _ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            #if canImport(Glibc)
                let count = rest.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            #else
                let count = rest.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, 0) }
            #endif
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func listen(_ port: UInt16) throws -> Int32 {
        #if os(Linux)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #if canImport(Glibc)
            let listening = Glibc.listen(descriptor, 64)
        #else
            let listening = Darwin.listen(descriptor, 64)
        #endif
        guard bound == 0, listening == 0 else { throw TestKitError("cannot listen on port \(port)") }
        return descriptor
    }

    private static func port(of descriptor: Int32) throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { throw TestKitError("getsockname failed") }
        return UInt16(bigEndian: address.sin_port)
    }
}
