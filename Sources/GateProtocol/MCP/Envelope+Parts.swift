extension Envelope {
    /// The members of a message as they are found, before they are judged together.
    struct Parts {
        var isBatch = false
        var top = JSONFields()
        var params: JSONFields?
        /// `_meta` of `params` and of `result`, kept apart: a message that has both must not lend one the other's.
        var paramsMeta: JSONFields?
        var resultMeta: JSONFields?
        var result: JSONFields?
        var error: JSONFields?

        init(isBatch: Bool) { self.isBatch = isBatch }

        init(_ scanner: inout JSONScanner, _ text: UnsafeRawBufferPointer) throws(JSONFault) {
            var parts = Parts(isBatch: false)
            parts.top = try scanner.scanObject {
                (scanner: inout JSONScanner, key, escaped) throws(JSONFault) -> Range<Int> in
                guard try scanner.peek() == UInt8(ascii: "{"), !escaped else { return try scanner.skipValue() }
                if JSONString.equal(text, key, "params") {
                    let fields = try Parts.fields(&scanner, text, meta: &parts.paramsMeta)
                    parts.params = fields
                    return fields.range
                }
                if JSONString.equal(text, key, "result") {
                    let fields = try Parts.fields(&scanner, text, meta: &parts.resultMeta)
                    parts.result = fields
                    return fields.range
                }
                if JSONString.equal(text, key, "error") {
                    let fields = try scanner.scanObject()
                    parts.error = fields
                    return fields.range
                }
                return try scanner.skipValue()
            }
            self = parts
        }

        private static func fields(
            _ scanner: inout JSONScanner, _ text: UnsafeRawBufferPointer, meta: inout JSONFields?
        ) throws(JSONFault) -> JSONFields {
            var found: JSONFields?
            let fields = try scanner.scanObject {
                (scanner: inout JSONScanner, key, escaped) throws(JSONFault) -> Range<Int> in
                guard !escaped, JSONString.equal(text, key, "_meta"), try scanner.peek() == UInt8(ascii: "{") else {
                    return try scanner.skipValue()
                }
                let fields = try scanner.scanObject()
                found = fields
                return fields.range
            }
            if let found { meta = found }
            return fields
        }

        func envelope(_ text: UnsafeRawBufferPointer) throws(EnvelopeFault) -> Envelope {
            if isBatch { throw .batch }
            let id = top.find("id", in: text)
            let known = id.flatMap { Parts.isUsable(id: $0) ? $0.value : nil }
            guard let version = top.find("jsonrpc", in: text), version.isString,
                JSONString.equal(text, version.content, "2.0")
            else { throw .invalid("The message lacks \"jsonrpc\": \"2.0\".", id: known) }
            // A key written with escapes is the same key to every reader, so it must not slip past the checks below.
            for field in top.list where field.keyIsEscaped {
                throw .invalid("Write the message's own keys without escapes.", id: known)
            }
            if let method = top.find("method", in: text) {
                guard method.isString, !text[method.content].contains(UInt8(ascii: "\\")), method.content.count <= 256
                else { throw .invalid("\"method\" must be a plain string of at most 256 bytes.", id: known) }
                if let params = top.find("params", in: text), !params.isObject {
                    throw .invalid("\"params\" must be an object.", id: known)
                }
                if params?.list.contains(where: \.keyIsEscaped) == true {
                    throw .invalid("Write the keys of \"params\" without escapes.", id: known)
                }
                guard let id else { return make(.notification, id: nil, method: method) }
                guard Parts.isUsable(id: id), id.value.count <= 256 else {
                    throw .invalid("\"id\" must be a string or an integer of at most 256 bytes.", id: nil)
                }
                return make(.request, id: id, method: method)
            }
            // Some servers send both members, with a null for the one that does not apply.
            if let found = top.find("result", in: text), !(found.isNull && error != nil) {
                guard let id, known != nil else { throw .invalid("A result needs the id of its request.", id: nil) }
                return make(.result, id: id, method: nil)
            }
            if error != nil { return make(.failure, id: known == nil ? nil : id, method: nil) }
            throw .invalid("The message has neither \"method\" nor \"result\" nor \"error\".", id: known)
        }

        private func make(_ kind: Kind, id: JSONField?, method: JSONField?) -> Envelope {
            Envelope(
                kind: kind, id: id, method: method, params: params, meta: method == nil ? resultMeta : paramsMeta,
                result: result, error: error)
        }

        /// What can be echoed as it is written. Whoever answers requests decides whether `1.0` and `1e2`, which some readers
        /// would echo differently, are welcome.
        static func isUsable(id: JSONField) -> Bool {
            id.isString || (id.isNumber && id.value.count <= 20)
        }
    }
}
