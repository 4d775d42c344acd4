#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One connection through a ``ToxicProxy``, pumped by one thread.
struct ToxicLink {
    let client: Int32
    let server: Int32

    private enum Verdict { case goOn, closed }

    /// - Parameter toxic: what to do to the answer of this request.
    func run(_ toxic: ([UInt8]) -> Toxic?) {
        defer {
            close(client)
            close(server)
        }
        var poison: Toxic?
        while true {
            var states = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&states, 2, -1) > 0 || errno == EINTR else { return }
            if states[0].revents != 0 {
                guard let bytes = receive(client) else { return }
                poison = toxic(bytes) ?? poison
                guard send(bytes, to: server) else { return }
            }
            if states[1].revents != 0 {
                guard let bytes = receive(server) else { return }
                let current = poison
                poison = nil
                if deliver(bytes, current) == .closed { return }
            }
        }
    }

    /// Hands on an answer. fakemcp writes small answers at once, so one piece is one answer.
    private func deliver(_ answer: [UInt8], _ toxic: Toxic?) -> Verdict {
        guard let toxic else { return send(answer, to: client) ? .goOn : .closed }
        let whole =
            switch toxic.moment {
            case .before: 0
            case .during: answer.count / 2
            case .after: answer.count
            }
        guard send(Array(answer.prefix(whole)), to: client) else { return .closed }
        let rest = Array(answer.dropFirst(whole))
        switch toxic.kind {
        case .latency:
            Sampling.rest(.milliseconds(80))
            return send(rest, to: client) ? .goOn : .closed
        case .trickle:
            for byte in rest {
                Sampling.rest(.milliseconds(5))
                guard send([byte], to: client) else { return .closed }
            }
            return .goOn
        case .reset:
            Sockets.shutDownHard(client)
        case .truncate, .refuse:
            break
        case .halfClose:
            shutdown(client, Int32(SHUT_WR))
            drain()
        case .stall, .blackhole:
            drain()
        }
        return .closed
    }

    /// Takes what the client sends and gives nothing back, until the client goes.
    private func drain() { while receive(client) != nil {} }

    private func receive(_ descriptor: Int32) -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? Array(chunk.prefix(count)) : nil
        }
    }

    private func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        Sockets.send(bytes, to: descriptor) == 0
    }
}
