"""Is each protection really what makes its test pass? `python -m tests.adversarial.mutations` takes each out and looks.

Every row names a class of attack, a protection by the line that is it, what stands there instead, and the test that must then fail. The
source is changed in a copy of the tree. With `--write` the result goes into docs/security.md. Words as arguments choose rows.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "security.md"
HEAVY = [
    "apprise", "cryptography.x509", "fpdf", "freezegun", "hypothesis",
    "obstore", "phonenumbers", "pikepdf", "PIL.Image", "playwright.sync_api", "pyhanko.sign.signers", "pyhanko.sign.validation.ades",
    "pypdfium2", "schemathesis", "uharfbuzz",
]  # fmt: skip
"""Imported once, for all runs."""
BEGIN, END = "<!-- mutations: begin -->", "<!-- mutations: end -->"


@dataclass(frozen=True)
class Mutation:
    """`old` occurs once in `file` (below src/undersigned); `test` is a node id below tests, without `.py`'s folder."""

    attack: str
    protection: str
    file: str
    old: str
    new: str
    test: str


PDF = "adversarial/test_pdf_attacks.py::test_found_and_named"
ASIC = "sealing/test_containers.py::test_changes_are_found"
WHO = "adversarial/test_authorization.py"
CORE = "accounts/test_people.py::"
TODAY = "conformance/test_signingtoday_logins.py::"
M = Mutation
MUTATIONS = [
    # --- signed files
    M("1 Incremental saving", "each revision is compared with the one before", "sealing/pdf/structure.py",
      "ceiling = ModificationLevel.FORM_FILLING.value", "ceiling = ModificationLevel.OTHER.value", f"{PDF}[page replaced]"),
    M("1 Incremental saving", "nothing but validation data may follow the last signature", "sealing/pdf/structure.py",
      "return 0 if ends and not tail[ends[-1] :].strip(_BLANKS) else reader.xrefs.total_revisions", "return 0",
      f"{PDF}[bytes behind the end]"),
    M("2 Signature wrapping", "between the signed bytes lies the signature and nothing else", "sealing/pdf/structure.py",
      "if plain != contents.original_bytes:", "if False:", f"{PDF}[wrapped]"),
    M("2 Signature wrapping", "signed bytes start at 0, in order, without overlap", "sealing/pdf/structure.py",
      "if start != 0 or first <= 0 or second <= first or rest <= 0:", "if False:", f"{PDF}[range that overlaps]"),
    M("3 Universal forgery", "no contents is a forgery, not an unknown", "sealing/pdf/structure.py",
      'return "no_contents"', 'return ""', f"{PDF}[contents null]"),
    M("3 Universal forgery", "an empty signature is a forgery", "sealing/pdf/structure.py",
      'if not contents.original_bytes.strip(b"\\0"):', "if False:", f"{PDF}[contents zero]"),
    M("4 Shadow attacks", "what no page shows is dropped before the first signature", "sealing/pdf/increments.py",
      "    if rewrite:", "    if False:", "adversarial/test_pdf_attacks.py::test_hidden_content_does_not_reach_the_signature"),
    M("4 Shadow attacks", "forms may be filled between signatures, not after the last", "sealing/pdf/structure.py",
      "if number > last and level.value > ModificationLevel.LTA_UPDATES.value:", "if False:",
      f"{PDF}[a field filled after the seal]"),
    M("5 Certification attacks", "a note after a signature is a change", "sealing/pdf/structure.py",
      "ceiling = ModificationLevel.FORM_FILLING.value", "ceiling = ModificationLevel.ANNOTATIONS.value + 9",
      f"{PDF}[a note laid over]"),
    M("5 Certification attacks", "only roots that the caller named are trusted", "sealing/pdf/validation.py",
      'elif not trusted_root and report["verdict"] in ("valid", "incomplete"):', "elif False:",
      f"{PDF}[a stranger's signature over it]"),
    M("6 Spoofed objects", "two signatures cannot be one", "sealing/pdf/structure.py",
      'later.problem = "overlap"', 'later.problem = ""', f"{PDF}[a signature lent]"),
    M("6 Spoofed objects", "a signature that was taken out is missed", "sealing/pdf/structure.py",
      "for number in range(reader.xrefs.total_revisions - 1):", "for number in ():",
      "adversarial/test_pdf_attacks.py::test_a_stripped_file_is_not_simply_unsigned"),
    M("6 Spoofed objects", "what no signature of a container covers is a change", "sealing/asic/validation.py",
      "return [n for n in container.names if n not in covered]", "return []", f"{ASIC}[a file added]"),
    M("6 Spoofed objects", "a file of a container is the one that was signed", "sealing/asic/validation.py",
      "elif (have[named.name] or {}).get(named.algorithm) != named.digest:", "elif False:", f"{ASIC}[the pdf]"),
    M("6 Spoofed objects", "one signature is not given out for two", "sealing/asic/validation.py",
      "if len(set(signatures)) < len(signatures):", "if False:", f"{ASIC}[a signature lent]"),
    M("6 Spoofed objects", "no name in a container leads out of it", "sealing/asic/reading.py",
      'or any(p in ("", ".", "..") for p in parts)', "", f"{ASIC}[a name that leads out]"),
    M("6 Spoofed objects", "between a container's files lies nothing", "sealing/asic/reading.py",
      "if not self._gapless(entries):", "if False:", "sealing/test_containers.py::test_what_no_directory_names_is_found"),
    M("6 Spoofed objects", "a container's directory and its files' headers agree", "sealing/asic/reading.py",
      "        and told == (entry.CRC, entry.compress_size, entry.file_size)\n", "",
      "sealing/test_containers.py::test_both_descriptions_of_a_file_must_agree"),
    M("7 Substitution", "a signature goes only beside the file that it covers", "sealing/seal_container.py",
      "if cms.message_digest(message) != hashlib.sha256(covered[number]).digest():", "if False:",
      "sealing/test_containers.py::test_a_signature_over_another_file_is_not_packed"),
    M("7 Substitution", "a signer signs what their page showed", "envelopes/shown.py",
      "if shown.digest != digest:", "if False:", "envelopes/test_sign.py::test_what_is_shown_is_what_is_stored"),
    M("7 Substitution", "the server signs its own bytes plus an increment", "sealing/reserved.py",
      "if after.read(len(piece)) != piece:", "if not after.read(len(piece)):", "sealing/test_signing.py::test_a_child_that_lies_about_what_it_wrote_gets_no_signature"),
    # --- access
    M("8 Weak codes", "five tries, then a pause", "identity/code.py",
      "return (0, now + PAUSE) if failures >= TRIES else (failures, None)", "return failures, None",
      "envelopes/test_sign.py::test_five_wrong_codes_lock_even_the_right_one_for_all_sittings"),
    M("8 Weak codes", "while locked, the right code fails too", "envelopes/enter_code.py",
      "if recipient.code_locked_until is not None and at < recipient.code_locked_until:", "if False:",
      "envelopes/test_sign.py::test_five_wrong_codes_lock_even_the_right_one_for_all_sittings"),
    M("8 Weak codes", "tries of one address are counted over all signers", "room/limits.py",
      'take("room.code", client_address(request), 60, TEN_MINUTES)', "pass",
      "room/test_pages.py::test_one_address_cannot_go_on_for_ever"),
    M("8 Weak codes", "logins are counted, and an error lets nobody in", "accounts/login.py",
      'limits.take("login.pair", pair, PER_PAIR, QUARTER),', "",
      "console/test_login.py::test_the_limit_holds_for_the_right_password_too"),
    M("9 IDOR", "an event is read by the account that it went to", "envelopes/access.py",
      "        organization=actor.organization, owner_user=actor.user, dialect=dialect, pub=pub\n", "        dialect=dialect, pub=pub\n",
      f"{WHO}::test_programs"),
    M("9 IDOR", "collections belong to their organisation's owner", "envelopes/access.py",
      "        case Credential.Reach.ACCOUNT:\n            return all_of_tenant.filter(owner_user=actor.user)\n        case _:",
      "        case Credential.Reach.ACCOUNT:\n            return Collection.objects.all()\n        case _:",
      f"{WHO}::test_programs"),
    M("9 IDOR", "members of the console see their own", "envelopes/access.py",
      "            if may(actor.user, Capability.SEE_ENVELOPES):\n                return all_of_tenant\n            return",
      "            if actor.user.role:\n                return all_of_tenant\n            return",
      f"{WHO}::test_people_of_the_console"),
    M("9 IDOR", "a room opens with its own cookie alone", "envelopes/open_sitting.py",
      "_with_envelope().filter(pub=pub, secret_hash=_hash(secret))", "_with_envelope().filter(pub=pub)",
      f"{WHO}::test_signers"),
    M("9 IDOR", "without the code nothing is shown", "room/values.py",
      "    if proofs.may_read(sitting):\n        return state", "    if sitting:\n        return state", f"{WHO}::test_signers_before_the_code"),
    M("9 IDOR", "users are their organisation's", "accounts/find_user.py",
      "    return _found(by, User.objects.filter(organization=by.organization, pub=pub), capability)",
      "    return _found(by, User.objects.filter(pub=pub), capability)", f"{CORE}test_tenants_do_not_see_each_other"),
    M("27 Rising by accounts", "nobody changes an account that may do more", "accounts/capabilities.py",
      "    require_to_give(user, capabilities_of(other))", "    pass", f"{CORE}test_nobody_gives_what_they_do_not_have"),
    M("27 Rising by accounts", "nobody gives a right that they lack", "accounts/set_role.py",
      "        require_to_give(by, (brought_by(role) | beside) - set(user.capabilities))\n", "",
      f"{CORE}test_nobody_gives_what_they_do_not_have"),
    M("27 Rising by accounts", "names and addresses are not one's own to change", "accounts/change_user.py",
      "elif by.pk != user.pk or _goes_too_far(user, details):", "elif by.pk != user.pk:",
      f"{CORE}test_who_manages_nobody_changes_only_what_concerns_no_one_else"),
    M("28 Stolen sessions", "a refresh token that comes a second time ends the session", "accounts/tokens.py",
      "            found.delete()\n            return None", "            return None",
      f"{TODAY}test_a_session_is_renewed_and_a_stolen_refresh_token_ends_it"),
    M("28 Stolen sessions", "who is disabled is out", "accounts/tokens.py",
      "    user = Q(user=None) | Q(user__disabled_at=None)", "    user = Q()",
      f"{CORE}test_switched_off_by_whatever_means"),
    M("28 Stolen sessions", "a found phone takes no account over", "dialects/signingtoday/passwords.py",
      "    if caller_of(request).token is None:", "    if False:", f"{TODAY}test_lasting_tokens"),
    M("29 Forged words of a login service", "they are signed with the organisation's secret", "accounts/vouched_login.py",
      "if found is None or not secret or not same:", "if found is None or not secret:", f"{TODAY}test_what_is_not_believed"),
    M("29 Forged words of a login service", "an organisation without a secret has no such service", "accounts/vouched_login.py",
      "if found is None or not secret or not same:", "if found is None or not same:",
      f"{TODAY}test_an_empty_secret_signs_nothing"),
    M("29 Forged words of a login service", "each is believed once", "accounts/vouched_login.py",
      "        raise NotBelieved from e", "        pass", f"{TODAY}test_what_is_not_believed"),
    M("29 Forged words of a login service", "none speaks for who runs the installation", "accounts/vouched_login.py",
      " or Capability.OPERATE in user.capabilities", "", f"{TODAY}test_what_is_not_believed"),
    M("30 Passwords by mail", "a link works once", "accounts/passwords.py",
      "    PasswordToken.objects.filter(user=user).delete()", "    pass",
      "accounts/test_passwords.py::test_a_link_by_mail_works_once_and_ends_all_sessions"),
    M("30 Passwords by mail", "the time tells nobody who has an account", "accounts/forget_password.py",
      "        time.sleep(max(0.0, begun + EVENLY - time.monotonic()))", "        pass",
      "accounts/test_passwords.py::test_an_answer_takes_the_same_time_for_everybody"),
    M("10 Sender as signer", "codes are shown to who sent the envelope alone", "console/scope.py",
      "return of.owner_user_id == actor.user.pk", "return True",
      "console/test_access.py::test_the_code_is_for_the_sender_alone"),
    M("10 Sender as signer", "a code that the sender knew is recorded as such", "envelopes/enter_code.py",
      "known_to_sender=knows_code(envelope, recipient)", "known_to_sender=False",
      "envelopes/test_sign.py::test_a_consent_names_what_was_shown_and_a_proof_that_the_sender_knew_the_code"),
    M("11 Failing open without a timestamp", "no trusted time, no signature", "sealing/timestamp.py",
      'raise TimestampUnavailable("no timestamp authority is configured")', "return BuiltIn()",
      "envelopes/test_sign.py::test_without_a_trusted_time_nothing_is_signed"),
    M("12 Token in Referer, logs, scanners", "no path leaves in a Referer", "app/django_settings.py",
      'SECURE_REFERRER_POLICY = "strict-origin"', 'SECURE_REFERRER_POLICY = "unsafe-url"',
      "adversarial/test_headers.py::test_policies"),
    M("12 Token in Referer, logs, scanners", "links are cut out of log lines", "app/logs.py",
      "if _SECRET.search(message):", "if False:", "app/test_logs.py::test_no_refusal_writes_a_link_down"),
    M("12 Token in Referer, logs, scanners", "GET of a link opens nothing", "room/views.py",
      '    if request.method == "POST":\n        limits.opening', '    if request.method:\n        limits.opening',
      "room/test_pages.py::test_looking_at_the_link_ten_times_opens_nothing"),
    M("13 Clickjacking", "no page may be framed", "base/page_policy.py",
      "frame-ancestors 'none'", "frame-ancestors *", "adversarial/test_headers.py::test_policies"),
    M("13 Cross-site requests", "every form of people needs its token", "app/django_settings.py",
      '    "django.middleware.csrf.CsrfViewMiddleware",\n', "", f"{WHO}::test_forms_need_their_token"),
    M("14 Replay", "the same press twice is one signature", "envelopes/sign.py",
      "        if not _already(sitting, request):\n            raise", "        raise",
      "envelopes/test_sign.py::test_the_same_press_twice_is_one_signature"),
    M("14 Replay", "who has acted cannot act again", "envelopes/signer.py",
      "return self is Standing.OPEN", "return True", "envelopes/test_sign.py::test_one_refuses_and_nobody_else_can_sign"),
    M("15 Forged client address", "of X-Forwarded-For only our proxies' part counts", "accounts/limits.py",
      "return hops[max(len(hops) - 1 - settings.TRUSTED_PROXIES, 0)]", "return hops[0]",
      "room/test_pages.py::test_forwarded_addresses_count_only_from_our_own_proxies"),
    # --- identification
    M("25 Somebody else's identity", "the nonce binds an ID token to this sign-in", "identity/oidc.py",
      "if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):", "if False:",
      "identity/test_lies.py::test_a_token_from_another_sign_in_is_refused"),
    M("25 Somebody else's identity", "a token is signed by a key that the provider names", "identity/oidc.py",
      "jws.deserialize_compact(token, key, registry=_registry(str(algorithm))).payload", "jws.extract_compact(token.encode()).payload",
      "identity/test_lies.py::test_tokens_that_are_not_believed"),
    M("25 Somebody else's identity", "a token is for us, and of the provider that was asked", "identity/oidc.py",
      "if provider.client_id not in audiences:", "if False:", "identity/test_lies.py::test_claims_that_are_not_believed"),
    M("25 Somebody else's identity", "the answer names its provider (mix-up)", "identity/oidc.py",
      "if (answer.issuer is not None or must_say) and answer.issuer != provider.issuer:", "if False:",
      "identity/test_lies.py::test_the_provider_that_was_asked_answers"),
    M("25 Somebody else's identity", "the browser that comes back is the one that left", "identity/sign_in.py",
      ".filter(state_hash=_hash(state), subject_kind=kind, subject_id=subject)", ".filter(state_hash=_hash(state))",
      "room/test_identification.py::test_the_answer_opens_nothing_in_another_browser"),
    M("25 Somebody else's identity", "a sign-in is taken once", "identity/sign_in.py",
      "found.used_at is not None or ", "", "identity/test_lies.py::test_each_sign_in_is_taken_once_in_time_and_by_its_own"),
    M("25 Somebody else's identity", "who is identified is who was meant", "envelopes/prove_identity.py",
      "    if not matching.is_the_one(", "    if not (lambda *_a, **_k: True)(", "identity/test_prove.py::test_who_passes"),
    M("25 Somebody else's identity", "five wrong persons lock", "envelopes/prove_identity.py",
      "recipient.code_failures, locked = codes.after_failure(recipient.code_failures, at)", "locked = None",
      "identity/test_prove.py::test_five_wrong_persons_lock"),
    M("25 Somebody else's identity", "of a protected request nothing is told before", "room/values.py",
      "return recipient.identity.protects and (sitting is None or sitting.identified_at is None)", "return False",
      "room/test_identification.py::test_of_a_protected_request_nothing_is_shown_before_the_right_person_has_come"),
    M("26 One-time codes", "five tries", "identity/one_time_code.py",
      "left = max(TRIES - code.failures, 0)", "left = TRIES", "identity/test_one_time_code.py::test_five_wrong_codes_use_it_up"),
    M("26 One-time codes", "once, and for ten minutes", "identity/one_time_code.py",
      "code.used_at is None and clock.now() < code.expires_at", "True",
      "identity/test_one_time_code.py::test_a_code_lives_ten_minutes_and_dies_of_its_successor"),
    M("26 One-time codes", "only in the browser that asked for it", "envelopes/enter_one_time_code.py",
      "code = one_time_code.latest(SUBJECT, sitting.pk, channel)", "code = one_time_code.OneTimeCode.objects.last()",
      "identity/test_one_time_code.py::test_a_code_opens_only_the_browser_that_asked_for_it"),
    M("26 One-time codes", "a person and a mailbox get so many a day", "identity/one_time_code.py",
      'take("identity.code", person, PER_PERSON, _DAY)', "pass",
      "identity/test_one_time_code.py::test_a_person_and_a_mailbox_get_so_many_a_day"),
    # --- server
    M("16 Webhook SSRF", "private and reserved addresses are refused", "base/outgoing.py",
      "raise AddressRefused(str(address))", "pass", "base/test_outgoing.py::test_host_that_is_not_public_is_refused_without_a_connection"),
    M("17 SSRF by a file", "checking a file fetches nothing", "sealing/pdf/increments.py",
      "import shutil\n", "import shutil\nimport urllib.request\n",
      "adversarial/test_outside.py::test_only_the_vetting_client_calls_out"),
    M("18 PDF bombs", "objects are counted before they are read", "files/inspection.py",
      "if len(pdf.objects) > max_objects:", "if False:", "files/test_intake.py::test_refused[too many objects]"),
    M("18 PDF bombs", "time is bounded", "base/bounded.py", "ours.settimeout(limits.wall)", "ours.settimeout(600)", "files/test_intake.py::test_time_is_bounded"),
    M("19 Picture bombs", "pixels are counted before they are unpacked", "sealing/pdf/picture.py",
      "if max(opened.size) > LARGEST:", "if False:", "adversarial/test_outside.py::test_picture_bombs"),
    M("20 Mail injection", "no line break in a value", "delivery/params.py",
      "    if not is_one_line(value):\n        raise", "    if False:\n        raise",
      "delivery/test_mail.py::test_line_breaks_are_refused"),
    M("20 Mail injection", "values are escaped in HTML", "delivery/templates/delivery/mail/block.html", '{% else %}<p style="margin:0 0 16px">{{ block.text }}</p>', '{% else %}<p style="margin:0 0 16px">{{ block.text|safe }}</p>',
      "delivery/test_texts.py::test_every_mail_keeps_the_rules"),
    M("21 Public defaults", "outside demo mode the server refuses to start without its own secrets", "app/settings.py",
      '        if self.demo:\n            return\n        reasons', '        if self:\n            return\n        reasons',
      "app/test_settings.py::test_each_unsafe_option_is_the_one_reason"),
    # --- state
    M("22 Race on the last signer", "a signature fits the document's epoch or is made again", "envelopes/sign.py",
      "document.epoch != item.epoch or ", "", "envelopes/test_sign.py::test_somebody_signs_while_my_signature_is_made"),
    M("22 Race on the last signer", "sealing the second time has no effect", "envelopes/complete.py",
      "if envelope.state != EnvelopeState.SEALING:", "if False:", "lifecycle/test_attention.py::test_who_seals_second_changes_nothing"),
    M("23 Audit tampering", "the database refuses to change an event", "envelopes/immutable.py",
      '    refuse("envelopes_auditevent", delete=True),\n', "",
      "envelopes/test_audit.py::test_the_database_refuses_to_change_an_event"),
    M("23 Audit tampering", "details are hashed with their event", "sealing/chain.py",
      'if good and event.get("salt") is not None:', "if False:",
      "envelopes/test_audit.py::test_a_changed_detail_breaks_the_chain"),
    M("24 Duplicate mail", "one row for each reason to write", "delivery/outbox.py",
      "            dedup_key=draft.dedup_key,\n            defaults={", "            dedup_key=draft.dedup_key + str(clock.now()),\n            defaults={",
      "delivery/test_outbox.py::test_the_same_reason_sends_once"),
    M("Limits", "the count is shared and strict", "accounts/limits.py", 'if within(bucket, subject, now - window).aggregate(n=Sum("count"))["n"] > limit:', "if False:",
      "accounts/test_limits.py::test_refused_tries_do_not_prolong_the_wait"),
    M("Limits", "nobody is written to more than ten times a day on request", "envelopes/messages.py",
      "if len(times) == AGAIN_A_DAY and", "if False and",
      "envelopes/test_correspondence.py::test_nobody_is_written_to_more_than_ten_times_a_day_on_request"),
    # --- files that harm, and what is erased
    M("25 Malware", "what a scanner could not check does not pass", "files/clamd.py",
      'raise NoAnswer(words or "the connection ended without an answer")', 'return ""',
      "files/test_scan.py::test_what_was_not_checked_does_not_pass[killed in the middle]"),
    M("25 Malware", "a verdict is asked for again after six hours", "files/scan.py",
      "timedelta() <= clock.now() - blob.scanned_at < FRESH", "True", "files/test_scan.py::test_a_verdict_holds_six_hours"),
    M("25 Malware", "who sees only a part of a file has not cleared it", "files/clamd.py",
      "if found is not None and not found[1].startswith(_LIMITS):", "if found is not None:",
      "files/test_scan.py::test_a_file_that_it_does_not_read_to_the_end_is_not_clean"),
    M("25 Malware", "nobody signs what could not be scanned", "envelopes/sign.py",
      "            _refuse_unscanned(shown)\n", "", "adversarial/test_scan_doors.py::test_all_doors"),
    M("25 Malware", "what is found later stops what is open", "envelopes/quarantine.py",
      "envelope.state = EnvelopeState.ON_HOLD", "pass", "adversarial/test_scan_doors.py::test_all_doors"),
    M("26 Erasure", "what is removed is signed by nobody", "envelopes/signer.py",
      "or (envelope.collection is not None and envelope.collection.marked_deleted_at is not None)", "or False",
      "lifecycle/test_content.py::test_grace"),
    M("26 Erasure", "grace is fourteen days", "envelopes/mark_deleted.py",
      "GRACE = timedelta(days=14)", "GRACE = timedelta(days=13)", "lifecycle/test_content.py::test_grace"),
    M("26 Erasure", "only who owns it may remove it or set for how long it is kept", "envelopes/access.py",
      "    if not owns(actor, on):\n        raise NotFound", "    pass", "lifecycle/test_content.py::test_who_may"),
    M("26 Erasure", "due is asked again under the lock", "envelopes/erase.py",
      "clocks.content_end(envelope) > at:", "False:", "lifecycle/test_content.py::test_more_time_saves_what_was_found_due"),
    M("26 Erasure", "who is still asked to sign is told before", "envelopes/erase.py",
      "        call_off(envelope, at, by=None)\n", "        pass\n",
      "lifecycle/test_content.py::test_open_content_is_called_off_and_goes_when_all_have_been_told"),
    M("26 Erasure", "bytes that another handle has stay", "envelopes/remains.py",
      "pk__in=ids - used", "pk__in=ids", "lifecycle/test_content.py::test_what_another_envelope_uses_stays"),
]  # fmt: skip


def broken(tree: Path, mutation: Mutation) -> bool:
    """Whether the test fails in `tree` without the protection. Raises ValueError when the test cannot even be run."""
    path = tree / "src" / "undersigned" / mutation.file
    whole = path.read_text("utf-8")
    path.write_text(whole.replace(mutation.old, mutation.new), "utf-8")
    try:
        return run(tree, [mutation.test], anew=mutation.file.endswith("immutable.py")) == 1
    finally:
        path.write_text(whole, "utf-8")


def run(tree: Path, tests: list[str], *, anew: bool = False) -> int:
    """pytest's exit code in `tree`: 0 all pass, 1 some fail. Raises ValueError for all others."""
    arguments = ["-q", "-x", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    # Tables are made once, but where what makes them is what is changed.
    arguments += ["--db=postgresql", "--create-db" if anew else "--reuse-db", *(f"tests/{t}" for t in tests)]
    with tempfile.TemporaryFile("w+") as output:
        pid = os.fork()
        if not pid:
            _pytest(tree, arguments, output.fileno())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        output.seek(0)
        said = output.read()
    if code not in (0, 1) or (code == 1 and " error" in said.splitlines()[-1]):
        raise ValueError(said[-3000:])
    return code


def _pytest(tree: Path, arguments: list[str], output: int) -> None:
    """In a child: pytest on the copy. What is heavy has been imported before the fork; nothing of ours has."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(tree)
    for name in [n for n in sys.modules if n.partition(".")[0] in ("tests", "undersigned")]:
        del sys.modules[name]
    sys.path[:] = [
        str(tree),
        str(tree / "src"),
        *(p for p in sys.path if (p and not Path(p).is_relative_to(ROOT)) or ".venv" in p),
    ]
    sys.argv = ["pytest", *arguments]
    code = 3
    try:
        code = int(pytest.main(arguments))
    finally:
        sys.stdout.flush()
        os._exit(code)


def table(found: dict[Mutation, bool]) -> str:
    rows = ["| attack | protection | test | fails without it |", "|---|---|---|---|"]
    rows += [
        f"| {m.attack} | {m.protection} | `{m.test}` | {'yes' if fails else '**no**'} |"
        for m, fails in found.items()
    ]
    return "\n".join(rows)


def main(arguments: list[str]) -> int:
    words = [a for a in arguments if not a.startswith("-")]
    chosen = [
        m for m in MUTATIONS if not words or any(w in f"{m.attack} {m.protection} {m.test}" for w in words)
    ]
    found: dict[Mutation, bool] = {}
    for heavy in HEAVY:
        importlib.import_module(heavy)
    with tempfile.TemporaryDirectory(prefix="undersigned-mutations-") as folder:
        tree = Path(folder)
        for name in ("src", "tests"):
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        shutil.copytree(ROOT / "docs", tree / "docs")
        for mutation in chosen:
            found[mutation] = broken(tree, mutation)
            print("yes" if found[mutation] else "NO ", mutation.attack, "|", mutation.protection, flush=True)
        # Tests that fail anyway prove nothing.
        if run(tree, sorted({m.test for m in chosen}), anew=True):
            print("some of these tests fail with their protection, too")
            return 1
    if "--write" in arguments:
        text = DOCS.read_text("utf-8")
        part = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
        DOCS.write_text(part.sub(lambda _: f"{BEGIN}\n{table(found)}\n{END}", text), "utf-8")
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
