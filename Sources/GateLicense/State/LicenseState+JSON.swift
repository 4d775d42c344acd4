import GateCore
package import GateProtocol

/// What is kept of a license between runs, beside the entitlement, which is kept as it was signed.
extension LicenseState {
    package var json: JSONValue {
        var object = JSONObject([("instance", .string(instance))])
        if let mark = clock.mark { object["mark"] = .init(mark) }
        object["lapsed"] = .init(isLapsed)
        object["spent_grace"] = .init(spentGrace)
        object["standing"] = .string(standing.rawValue)
        if let revocation {
            object["revocation"] = [
                "id": .string(revocation.id), "reason": .string(revocation.reason),
                "effective_at": .init(revocation.effectiveAt), "effective": .init(revocation.isEffective),
            ]
        }
        object["sequences"] = .array(
            sequences.entries.map { ["license": .string($0.license), "seq": .init($0.sequence)] })
        object["orders"] = .array(usedOrders.map { .string($0) })
        return .object(object)
    }

    /// - Parameter terms: of the entitlement that was kept with it, verified anew; nil when it cannot be read or trusted any more.
    /// - Returns: nil when it is not what ``json`` writes.
    package init?(json: JSONValue, terms: Entitlement?) {
        guard let instance = json["instance"]?.stringValue, !instance.isEmpty,
            let lapsed = json["lapsed"]?.boolValue, let spent = json["spent_grace"]?.intValue,
            let entries = json["sequences"]?.arrayValue, let orders = json["orders"]?.arrayValue
        else { return nil }
        self.init(instance: instance)
        var book: [SequenceBook.Entry] = []
        for entry in entries {
            guard let license = entry["license"]?.stringValue, let seq = entry["seq"]?.intValue else { return nil }
            book.append(SequenceBook.Entry(license: license, sequence: seq))
        }
        sequences = SequenceBook(book)
        usedOrders = Array(orders.compactMap(\.stringValue).suffix(LicenseState.mostUsedOrders))
        clock = TrustedClock(mark: json["mark"]?.intValue)
        guard let terms, terms.instanceID.utf8.elementsEqual(instance.utf8), clock.mark != nil else { return }
        self.terms = terms
        isLapsed = lapsed
        spentGrace = min(max(spent, 0), 366 * LicenseTime.day)
        standing = json["standing"]?.stringValue.flatMap { LicenseStanding(rawValue: $0) } ?? .free
        if let kept = json["revocation"] {
            guard let id = kept["id"]?.stringValue, let reason = kept["reason"]?.stringValue,
                let effectiveAt = kept["effective_at"]?.intValue, let isEffective = kept["effective"]?.boolValue
            else { return nil }
            revocation = Revocation(id: id, reason: reason, effectiveAt: effectiveAt, isEffective: isEffective)
        }
    }
}
