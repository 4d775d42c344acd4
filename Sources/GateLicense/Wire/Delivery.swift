package import GateProtocol

/// What an authority answers: one signed message and, since the keys may have changed, the rotations that lead to the key that signed it.
package struct Delivery: Sendable, Equatable {
    package static let maximumRotations = 8
    package let message: SignedEnvelope
    /// Oldest first.
    package let rotations: [SignedEnvelope]

    package init(message: SignedEnvelope, rotations: [SignedEnvelope] = []) {
        self.message = message
        self.rotations = rotations
    }

    package init(bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(WireText.decode(bytes), name: "delivery")
        message = try SignedEnvelope(json: reader.object("message"))
        var rotations: [SignedEnvelope] = []
        if let list = reader.optional("rotations") {
            guard let list = list.arrayValue, list.count <= Delivery.maximumRotations else {
                throw .badMember("rotations")
            }
            for json in list { rotations.append(try SignedEnvelope(json: json)) }
        }
        self.rotations = rotations
        try reader.end()
    }

    package var json: JSONValue {
        var object = JSONObject([("message", message.json)])
        if !rotations.isEmpty { object["rotations"] = .array(rotations.map(\.json)) }
        return .object(object)
    }

    package var bytes: [UInt8] { json.bytes }
}
