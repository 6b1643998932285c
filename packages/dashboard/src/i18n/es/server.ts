/** Spanish for sentences of the server that customers see, by their stable code. See `de/server.ts`. */
export const server = {
  sentences: {
    attempt: {
      blocked_url:
        "Esta URL no está permitida. Use una URL http o https de un host público, en un puerto web habitual y sin nombre de usuario.",
      blocked_address:
        "Este destino está bloqueado. Use una URL accesible desde Internet, o póngase en contacto con el operador.",
      blocked_proxy:
        "La dirección del proxy está bloqueada. Use una accesible desde Internet, o póngase en contacto con el operador.",
      dns_not_found: "El nombre de host no existe. Compruebe cómo está escrito y los registros DNS.",
      dns_timeout: "Los servidores de nombres de este host no respondieron a tiempo. Compruebe el DNS del dominio.",
      dns_broken:
        "Los servidores de nombres de este host notifican un error. Compruebe el DNS del dominio, incluido DNSSEC.",
      dns_failed: "Nuestro servicio de DNS ha fallado. No tiene que hacer nada.",
      connect_refused: "El host rechazó la conexión. Compruebe que el servidor funciona y escucha en este puerto.",
      connect_timeout: "El host no aceptó la conexión a tiempo. Compruebe el cortafuegos y que el servidor funciona.",
      connect_unreachable: "No hay ruta hasta este host. Compruebe las direcciones de los registros DNS.",
      tls_expired: "El certificado TLS del host, o uno de su cadena, ha caducado. Renuévelo.",
      tls_not_yet_valid: "El certificado TLS del host aún no es válido. Compruebe sus fechas y el reloj del servidor.",
      tls_name: "El certificado TLS del host es de otro nombre. Emita uno que contenga el nombre de host de esta URL.",
      tls_self_signed:
        "El certificado TLS del host es autofirmado. Use uno de una autoridad pública, o añádalo como autoridad de confianza.",
      tls_chain:
        "El certificado TLS del host es de una autoridad desconocida. Use una pública, o añádala como autoridad de confianza.",
      tls_incomplete_chain:
        "El host no envía sus certificados intermedios. Configúrelo para que envíe la cadena completa.",
      tls_revoked: "La autoridad revocó el certificado TLS del host. Sustitúyalo.",
      tls_invalid:
        "El certificado TLS del host no sirve para un servidor, es demasiado débil o está mal firmado. Emita uno nuevo.",
      tls_pin:
        "El certificado TLS del host no coincide con la huella fijada. Actualice la huella si el certificado se renovó.",
      tls_client_certificate:
        "El host exige un certificado de cliente o rechazó el que se envió. Configure el certificado correcto.",
      tls_version:
        "El host no admite TLS 1.2 o posterior con un cifrado utilizable. Actualice su configuración de TLS.",
      tls_failed: "Falló la negociación TLS con el host. Compruebe que este puerto usa TLS.",
      timeout: "El host no respondió a tiempo. Responda primero con un estado 2xx y procese el evento después.",
      reset: "El host cerró la conexión antes de responder. Busque en sus registros un fallo o un límite del proxy.",
      protocol: "La respuesta del host no es HTTP/1.1 válido. Compruebe qué programa responde en este puerto.",
      headers_too_large: "Los encabezados de la respuesta son demasiado grandes. Envíe menos o más cortos.",
      proxy_failed: "Nuestro proxy de salida ha fallado. No tiene que hacer nada.",
      proxy_denied: "Nuestro proxy de salida no permite este destino. Póngase en contacto con el operador.",
      proxy_target:
        "Nuestro proxy de salida no pudo acceder a este host. Compruebe que el servidor funciona y es accesible.",
      auth_refused:
        "El servidor de tokens rechazó el cliente. Compruebe el ID de cliente, el secreto y el ámbito de este endpoint.",
      auth_unavailable: "El servidor de tokens no devolvió un token utilizable. Compruebe su URL y que funciona.",
      no_sockets: "Ninguna conexión quedó libre a tiempo. No tiene que hacer nada.",
      bad_request: "No se pudo crear la solicitud. Compruebe los encabezados personalizados de este endpoint.",
      bad_tls_settings:
        "La configuración de TLS de este endpoint no se puede usar. Compruebe la autoridad, el certificado y la clave.",
      stalled:
        "Nuestro proceso estuvo bloqueado más tiempo que el límite. La solicitud no se envió. No tiene que hacer nada.",
      shutdown: "El servicio que envía se está deteniendo. La solicitud no se envió.",
      internal: "Se produjo un error inesperado por nuestra parte. No tiene que hacer nada.",
      canceled: "La solicitud se interrumpió antes de terminar.",
    },
    status: {
      "400": "400 Bad Request: su endpoint no entendió la solicitud. Lea en la respuesta qué falta.",
      "401":
        "401 Unauthorized: su endpoint exige credenciales o rechazó las que se enviaron. Compruebe las credenciales de este endpoint.",
      "403":
        "403 Forbidden: su endpoint rechazó la solicitud. Compruebe sus reglas de acceso y las credenciales de este endpoint.",
      "404": "404 Not Found: no hay nada en esta URL. Compruebe la ruta.",
      "405": "405 Method Not Allowed: esta URL no acepta POST. Compruebe la ruta y que su aplicación procesa POST.",
      "408": "408 Request Timeout: su endpoint dejó de esperar la solicitud. Compruebe el proxy que tiene delante.",
      "409": "409 Conflict: su endpoint notifica un conflicto. Lea la causa en la respuesta.",
      "410": "410 Gone: su endpoint indica que ya no existe. Elimínelo, o introduzca la URL nueva y actívelo de nuevo.",
      "411":
        "411 Length Required: su endpoint exige la longitud, que sí se envió. Compruebe el proxy que tiene delante.",
      "413":
        "413 Content Too Large: la carga útil es demasiado grande para su endpoint. Aumente su límite, o envíe cargas útiles más pequeñas.",
      "415": "415 Unsupported Media Type: su endpoint no acepta este Content-Type.",
      "421":
        "421 Misdirected Request: el servidor no es responsable de este host. Compruebe la URL y los registros DNS del dominio.",
      "422":
        "422 Unprocessable Content: su endpoint entendió la solicitud y rechazó su contenido. Lea el motivo en la respuesta.",
      "425": "425 Too Early: su endpoint aún no está preparado para esta solicitud.",
      "429":
        "429 Too Many Requests: su endpoint pide menos solicitudes. Limite la frecuencia del endpoint, o aumente su límite.",
      "500":
        "500 Internal Server Error: se produjo un error en su aplicación. Consulte sus registros a la hora de este intento.",
      "501": "501 Not Implemented: su servidor no admite esta solicitud. Compruebe la URL.",
      "502":
        "502 Bad Gateway: un proxy situado delante de su servidor no obtuvo de él una respuesta válida. Compruebe que su aplicación funciona.",
      "503":
        "503 Service Unavailable: su servidor no está disponible en este momento. Compruebe que funciona y tiene capacidad.",
      "504":
        "504 Gateway Timeout: un proxy situado delante de su servidor lo esperó demasiado. Responda primero con un estado 2xx y procese el evento después.",
      "4xx": "Su endpoint rechazó la solicitud. Lea el motivo en la respuesta.",
      "5xx": "Se produjo un error en su servidor. Consulte sus registros a la hora de este intento.",
      other: "Este estado no cuenta como éxito. Compruebe la política de entrega de este endpoint.",
    },
  },
  summaries: {
    attempt: {
      redirect: "La URL redirige. No se siguen las redirecciones. Introduzca la URL nueva en el endpoint.",
      success_rule: "La respuesta no cumple la regla de éxito. Compruebe la política de entrega de este endpoint.",
      transform_failed: "La transformación falló. Compruebe su código.",
      format_failed: "No se pudo convertir la carga útil al formato de este endpoint.",
      credentials_refused: "El destino rechazó las credenciales.",
      target_not_found: "El destino no existe, o ya no acepta mensajes.",
      message_too_large: "El mensaje es demasiado grande para el destino.",
      message_invalid: "El destino rechazó el contenido del mensaje.",
      rate_limited: "El destino pide menos mensajes.",
      target_unavailable: "El destino está sobrecargado o no funciona.",
      connection_failed: "Falló la conexión con el destino.",
      protocol_error: "La respuesta del destino no cumple su protocolo.",
    },
    warning: {
      certificate_expires: "El certificado TLS del endpoint caduca pronto. Renuévelo.",
      success_doubtful: "El estado es de éxito, pero la respuesta parece un error.",
      response_cut: "La respuesta no se leyó por completo.",
    },
  },
};
