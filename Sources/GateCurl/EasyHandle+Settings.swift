import CCurl

extension EasyHandle {
    /// The options that differ from request to request, as they are set now.
    struct Settings {
        var url: String?
        var verb: Verb = .get
        var method = "GET"
        var headers: [(name: String, value: String)] = []
        var headersFit: Verb?
        var connectMilliseconds = -1
        var totalMilliseconds = -1
        var lowSpeed: CurlRequest.LowSpeed?
        var unixSocketPath: String?
        var tls = CurlTLSOptions()
        var http2 = false
    }

    /// The request shapes that libcurl tells apart; other methods are one of these under another name.
    enum Verb { case get, head, post }

    /// Up to this size libcurl sends the body in one write with the header, from a copy of its own. Larger bodies are
    /// read in parts from the caller's buffer.
    private static let smallBody = 60 << 10

    /// Sets the handle up for `exchange`.
    func configure(_ exchange: Exchange) throws(CurlError) {
        let request = exchange.request
        try setURL(request.url)
        let verb: Verb =
            request.body != nil || request.method == "POST" ? .post : request.method == "HEAD" ? .head : .get
        try setMethod(request.method, verb)
        if verb == .post { try setBody(request.body) }
        try setHeaders(request.headers, verb)
        try setTimes(request)
        try setConnection(request)
        clearErrorText()
        self.exchange = exchange
    }

    private func setURL(_ url: String) throws(CurlError) {
        guard url != settings.url else { return }
        settings.url = nil
        let parsed = try CurlURL(url)
        try check(ccurl_set_string(curl, CURLOPT_URL, parsed.text))
        settings.url = url
    }

    private func setMethod(_ method: String, _ verb: Verb) throws(CurlError) {
        guard verb != settings.verb || method != settings.method else { return }
        settings.verb = verb
        settings.method = method
        try check(ccurl_set_long(curl, CURLOPT_NOBODY, 0))
        switch verb {
        case .get: try check(ccurl_set_long(curl, CURLOPT_HTTPGET, 1))
        case .head: try check(ccurl_set_long(curl, CURLOPT_NOBODY, 1))
        case .post: try check(ccurl_set_long(curl, CURLOPT_POST, 1))
        }
        let isOwnName = (verb == .get && method == "GET") || (verb == .post && method == "POST") || verb == .head
        try check(ccurl_set_string(curl, CURLOPT_CUSTOMREQUEST, isOwnName ? nil : method))
    }

    private func setBody(_ body: (any CurlBytes)?) throws(CurlError) {
        let size = body?.count ?? 0
        try check(ccurl_set_offset(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(size)))
        guard let body, size > 0 else { return try check(ccurl_set_string(curl, CURLOPT_COPYPOSTFIELDS, "")) }
        guard size <= Self.smallBody else { return try check(ccurl_set_bytes(curl, CURLOPT_POSTFIELDS, nil)) }
        try check(body.withUnsafeBytes { ccurl_set_bytes(curl, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) })
    }

    private func setHeaders(_ headers: [(name: String, value: String)], _ verb: Verb) throws(CurlError) {
        let isSame =
            settings.headersFit == verb && headers.count == settings.headers.count
            && zip(headers, settings.headers).allSatisfy { $0 == $1 }
        guard !isSame else { return }
        settings.headersFit = nil
        try check(ccurl_set_list(curl, CURLOPT_HTTPHEADER, nil))
        curl_slist_free_all(headerList)
        headerList = nil
        for header in headers { try append(header.name, header.value) }
        if verb == .post {
            // No waiting for 100 Continue, and no content type that the caller did not choose.
            try append(removing: "Expect")
            if !headers.contains(where: { ASCII.equalIgnoringCase($0.name.utf8, "content-type".utf8) }) {
                try append(removing: "Content-Type")
            }
        }
        try check(ccurl_set_list(curl, CURLOPT_HTTPHEADER, headerList))
        settings.headers = headers
        settings.headersFit = verb
    }

    private func append(_ name: String, _ value: String) throws(CurlError) {
        lineBuffer.removeAll(keepingCapacity: true)
        for byte in name.utf8 { lineBuffer.append(CChar(bitPattern: byte)) }
        // In libcurl's notation "name:" removes a field and "name;" sends it empty.
        let isEmpty = value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 }
        lineBuffer.append(CChar(bitPattern: isEmpty ? UInt8(ascii: ";") : UInt8(ascii: ":")))
        if !isEmpty {
            lineBuffer.append(CChar(bitPattern: UInt8(ascii: " ")))
            for byte in value.utf8 { lineBuffer.append(CChar(bitPattern: byte)) }
        }
        try appendLine()
    }

    private func append(removing name: String) throws(CurlError) {
        lineBuffer.removeAll(keepingCapacity: true)
        for byte in name.utf8 { lineBuffer.append(CChar(bitPattern: byte)) }
        lineBuffer.append(CChar(bitPattern: UInt8(ascii: ":")))
        try appendLine()
    }

    private func appendLine() throws(CurlError) {
        lineBuffer.append(0)
        guard let list = curl_slist_append(headerList, lineBuffer) else {
            throw CurlError(.resource, "Out of memory.", sent: false)
        }
        headerList = list
    }

    private func setTimes(_ request: CurlRequest) throws(CurlError) {
        let connect = max(1, request.connectTimeout.wholeMilliseconds)
        if connect != settings.connectMilliseconds {
            try check(ccurl_set_long(curl, CURLOPT_CONNECTTIMEOUT_MS, connect))
            settings.connectMilliseconds = connect
        }
        let total = request.totalTimeout.map { max(1, $0.wholeMilliseconds) } ?? 0
        if total != settings.totalMilliseconds {
            try check(ccurl_set_long(curl, CURLOPT_TIMEOUT_MS, total))
            settings.totalMilliseconds = total
        }
        if request.lowSpeed != settings.lowSpeed {
            try check(ccurl_set_long(curl, CURLOPT_LOW_SPEED_LIMIT, request.lowSpeed?.bytesPerSecond ?? 0))
            try check(ccurl_set_long(curl, CURLOPT_LOW_SPEED_TIME, request.lowSpeed?.period.wholeSeconds ?? 0))
            settings.lowSpeed = request.lowSpeed
        }
    }

    private func setConnection(_ request: CurlRequest) throws(CurlError) {
        if request.unixSocketPath != settings.unixSocketPath {
            try check(ccurl_set_string(curl, CURLOPT_UNIX_SOCKET_PATH, request.unixSocketPath))
            settings.unixSocketPath = request.unixSocketPath
        }
        if request.tls != settings.tls {
            try check(ccurl_set_string(curl, CURLOPT_CAINFO, request.tls.caFile))
            try check(ccurl_set_string(curl, CURLOPT_SSLCERT, request.tls.certificateFile))
            try check(ccurl_set_string(curl, CURLOPT_SSLKEY, request.tls.keyFile))
            // With an own authority the system's directory must not count as well.
            try check(ccurl_set_string(curl, CURLOPT_CAPATH, nil))
            settings.tls = request.tls
        }
        if request.http2 != settings.http2 {
            let version = request.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
            try check(ccurl_set_long(curl, CURLOPT_HTTP_VERSION, Int(version)))
            // Wait for a connection that is being opened, which may carry many, rather than opening one for each.
            try check(ccurl_set_long(curl, CURLOPT_PIPEWAIT, request.http2 ? 1 : 0))
            settings.http2 = request.http2
        }
    }

    private func check(_ code: CURLcode) throws(CurlError) {
        guard code != CURLE_OK else { return }
        throw CurlError(
            .resource, "libcurl refused a setting: \(String(cString: curl_easy_strerror(code))).", sent: false)
    }
}
