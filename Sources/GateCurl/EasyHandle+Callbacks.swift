import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension EasyHandle {
    func setCallbacks() -> Bool {
        let codes = [
            ccurl_set_data_function(curl, CURLOPT_HEADERFUNCTION) { bytes, size, count, pointer in
                EasyHandle.of(pointer)?.header(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
            },
            ccurl_set_data_function(curl, CURLOPT_WRITEFUNCTION) { bytes, size, count, pointer in
                EasyHandle.of(pointer)?.body(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
            },
            ccurl_set_data_function(curl, CURLOPT_READFUNCTION) { bytes, size, count, pointer in
                EasyHandle.of(pointer)?.upload(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
                    ?? ccurl_read_abort
            },
            ccurl_set_open_function(curl) { pointer, _, address in
                guard let address else { return ccurl_socket_bad }
                return EasyHandle.of(pointer)?.open(&address.pointee) ?? ccurl_socket_bad
            },
            ccurl_set_close_function(curl) { pointer, descriptor in
                if let pointer { Unmanaged<SocketHost>.fromOpaque(pointer).takeUnretainedValue().closed(descriptor) }
                return close(descriptor)
            },
            ccurl_set_prerequest_function(curl) { pointer, peer, _, port, _ in
                EasyHandle.of(pointer)?.mayDispatch(peer, port) == true
                    ? Int32(CURL_PREREQFUNC_OK) : Int32(CURL_PREREQFUNC_ABORT)
            },
        ]
        return codes.allSatisfy { $0 == CURLE_OK }
    }

    private func header(_ line: UnsafeRawBufferPointer) -> Int {
        switch exchange?.header(line) {
        case .more: return line.count
        case .head(let status):
            guard let block = exchange?.parser.block, let sink = exchange?.sink else { return 0 }
            let head = CurlResponseHead(status: status, block: block)
            guard exchange?.announce(head.contentLength) == true else { return 0 }
            sink.head(head)
            return line.count
        case .fail, nil: return 0
        }
    }

    private func body(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let sink = exchange?.sink, exchange?.parser.isComplete == true else { return 0 }
        if exchange?.isHeld == true {
            exchange?.isStalled = true
            return ccurl_write_pause
        }
        guard exchange?.receive(bytes.count) == true else { return 0 }
        if sink.body(bytes) == .pause { exchange?.isHeld = true }
        return bytes.count
    }

    private func upload(_ room: UnsafeMutableRawBufferPointer) -> Int {
        guard let body = exchange?.request.body, let start = exchange?.uploaded else { return ccurl_read_abort }
        let count = body.withUnsafeBytes { bytes in
            let part = bytes[min(start, bytes.count)...].prefix(room.count)
            room.copyBytes(from: part)
            return part.count
        }
        exchange?.uploaded += count
        return count
    }

    private func open(_ target: inout curl_sockaddr) -> curl_socket_t {
        let address = CurlPeerAddress(&target.addr, length: Int(target.addrlen))
        guard exchange?.dial(address) == true else { return ccurl_socket_bad }
        #if os(Linux)
            let descriptor = socket(target.family, target.socktype | Int32(SOCK_CLOEXEC.rawValue), target.protocol)
        #else
            let descriptor = socket(target.family, target.socktype, target.protocol)
            if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        #endif
        guard descriptor >= 0 else { return ccurl_socket_bad }
        sockets.opened(descriptor)
        return descriptor
    }

    private func mayDispatch(_ peer: UnsafePointer<CChar>?, _ port: Int32) -> Bool {
        // Reading the address costs something, and only a policy needs it.
        let isJudged = exchange?.request.allowedAddress != nil
        let address =
            isJudged ? peer.flatMap { CurlPeerAddress(numeric: $0, port: UInt16(truncatingIfNeeded: port)) } : nil
        return exchange?.dispatch(to: address) ?? false
    }
}
